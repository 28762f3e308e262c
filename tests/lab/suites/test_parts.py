"""Rounds and parts: the order of a seed, what each record holds, and that a fleet yields what it says."""

import contextlib
import random
import types
from pathlib import Path

import pytest

from experiments.lab.host import host_info
from experiments.lab.load.load_trace import Prompts
from experiments.lab.suites.common import parts, plan, sweep
from experiments.lab.suites.common.loads import Arrival, AtOnce, Stages
from experiments.lab.suites.common.parts import Rounds
from experiments.lab.suites.common.rounds import rounds


class Ctx:
    """A fleet's context that notes what happens in it."""

    settings, folder = None, Path("x")

    def __init__(self, *names):
        self.log = []
        self.servers = {name: types.SimpleNamespace(spec=types.SimpleNamespace(name=name)) for name in names}

    def server(self, name):
        return self.servers[name]

    def begin(self):
        self.log.append("begin")

    def progress(self, *said):
        self.log.append(said)


def test_a_round_has_every_stop_once_in_an_order_drawn_when_it_begins():
    said, rng = [], random.Random(1)
    taken = []
    for done, stop in rounds(lambda *words: said.append(words), 3, "going", (letter for letter in "abcd"), rng):
        taken.append((done, stop))
        rng.random()  # a visit draws from the same generator
    assert said == [(done, 3, "going") for done in range(3)]
    expected, again = [], random.Random(1)
    for done in range(3):
        order = list("abcd")
        again.shuffle(order)
        expected += [(done, stop) for stop in order]
        [again.random() for _ in order]
    assert taken == expected


def part(**more):
    def visit(_tour, stop, side=""):
        stop.samples.add("x", "ms", stop.round, side=side)
        for column in stop.columns.values():
            column.append(stop.server.spec.name)

    return Rounds({"one": "s", "again": "s", "two": "t"}, "going", 2, 7, {"size": 3}, visit, **more)


def drafts(ctx, *some, cold=()):
    warm = []
    def warm_up(_tour, server):
        warm.append(server.spec.name)

    return list(parts.drafts(ctx, some, random.Random(1), Prompts(1), warm_up, cold)), warm


@pytest.fixture(autouse=True)
def no_bench(monkeypatch):
    monkeypatch.setattr(parts, "Bench", lambda *_: contextlib.nullcontext())


def test_a_part_yields_its_records_in_their_order_each_with_its_own_samples():
    ctx, before = Ctx("s", "t"), []
    some = part(
        stops=[("one", "a"), ("one", "b"), ("again", "a"), ("two", "a")], own={"two": {"cap": 5}}, columns=("who",),
        before=lambda _tour, server: before.append(server.spec.name), extra=lambda server: {"says": server.spec.name},
        also=lambda _server: [{"name": "pool"}],
    )
    found, warm = drafts(ctx, some)
    assert tuple(draft.measurement for draft in found) == parts.produces([some]) == ("one", "again", "two")
    assert warm == before == ["s", "t"], "every server once"
    one, again, two = found
    assert [row["labels"]["side"] for row in one.samples[:-1]].count("b") == 1 and one.samples[-1] == {"name": "pool"}
    assert again.samples[0]["values"] == [0.0, 1.0]
    assert two.columns == {"who": ["t", "t"]} and two.extra == {"says": "t"}
    assert one.workload["rounds"] == 2 and one.workload["seed"] == 7 and "cap" not in one.workload
    assert two.workload["cap"] == 5 and two.workload["size"] == 3


def test_without_stops_every_record_is_visited_and_nothing_is_said_that_is_not_there():
    (draft, *_), _ = drafts(Ctx("s", "t"), part())
    assert draft.columns is None and draft.extra is None and draft.samples[0]["values"] == [0.0, 1.0]


def test_what_is_cold_comes_before_the_warm_up_and_every_part_begins_its_own_time():
    ctx = Ctx("s", "t")
    drafts(ctx, part(), cold=[part()])
    kinds = [entry if entry == "begin" else entry[-1] for entry in ctx.log]
    assert kinds == ["begin", "going", "going", "warming up s", "warming up t", "begin", "going", "going"]


def spec(name, gib):
    return types.SimpleNamespace(name=name, memory_gib=gib)


@pytest.mark.parametrize(("card", "sizes"), [(63.0, [3, 1]), (62.9, [2, 1, 1])])
def test_others_join_the_first_group_where_they_fit_beside_it(card, sizes):
    groups = sweep.joined([[spec("a", 20), spec("b", 20)], [spec("c", 20)]], [spec("d", 20)], card)
    assert [len(group) for group in groups] == sizes
    numbered = sweep.numbered(groups)
    assert [(group.fleet, group.number, group.first, group.last) for group in numbered] == [
        (f"f{n}", n, n == 1, n == len(sizes)) for n in range(1, len(sizes) + 1)]
    assert numbered[0].names[-1] == ("d" if card == 63.0 else "b")


def test_without_a_card_a_sweep_is_planned_for_an_h200(monkeypatch):
    monkeypatch.setattr(host_info, "gpu", lambda: None)
    assert sweep.card_gib() == plan.H200_GIB
    monkeypatch.setattr(host_info, "gpu", lambda: {"memory_bytes": 79 * 2**30})
    assert sweep.card_gib() == 79


def test_a_load_is_in_the_record_by_its_fields_and_no_two_of_its_prompts_share_a_chunk():
    stages = Stages(concurrency=(1, 3), prompt_tokens=32, output_tokens=8)
    arrival = Arrival(decoders=2, decoder_prompt=16, decoder_output=9, prompts=2, prompt_tokens=64, prompt_output=4,
                      first_s=0.4)
    assert stages.recorded() == {"concurrency": [1, 3], "prompt_tokens": 32, "output_tokens": 8}
    assert [*AtOnce(1, 16, 2).recorded()] == ["requests", "prompt_tokens", "output_tokens"]
    prompts = Prompts(1)
    asks = [*AtOnce(2, 16, 2).asks(prompts), *stages.asks(prompts, 0.5), *arrival.asks(prompts)]
    assert [(ask.at, ask.kind) for ask in asks] == [
        (0.0, ""), (0.0, ""), (0.0, "1"), *[(0.5, "3")] * 3, *[(0.0, "decoder")] * 2, *[(0.4, "prompt")] * 2]
    chunks = [chunk for ask in asks for chunk in ask.chunks]
    assert len(set(chunks)) == len(chunks)
