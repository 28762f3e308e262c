"""Servers of later stands that vLLM has to compile for start beside an earlier stand, as far as the card has room."""

import dataclasses

import pytest

from experiments.lab.fleets import compile_ahead, stand_plan, suite_runner
from experiments.lab.fleets.compile_ahead import compile_key
from experiments.lab.fleets.fleet import Fleet
from experiments.lab.fleets.stand_plan import Pending, Stand
from experiments.lab.host import host_info
from experiments.lab.servers.server_spec import ServerSpec
from experiments.lab.suites.common.plan import H200_GIB
from experiments.lab.suites.common.shape_servers import SHORT
from experiments.lab.suites.common.shape_servers import spec as shape


def spec(name, gib=20.0, engine="vllm", *flags, **more):
    return ServerSpec(name, engine, flags=flags or ("--own", name), memory_gib=gib, **more)


def stand(*servers, **more):
    return Stand((Pending("05", Fleet("f", ("f",), lambda ctx: iter(()), servers, **more), frozenset({"f"})),))


def planned(*stands, gib=80.0):
    return {place: [each.name for each in specs] for place, specs in compile_ahead.plan(stands, gib).items()}


def test_servers_that_differ_in_what_compiled_code_does_not_hang_on_have_one_key():
    one = shape("vllm", "a", 8_192, *SHORT)
    alike = [
        shape("vllm", "b", 4_096, *SHORT), shape("vllm", "c", 8_192, *SHORT, "--no-async-scheduling"),
        shape("vllm", "d", 8_192, "--no-enable-prefix-caching", *SHORT),
        shape("vllm", "e", 8_192, *SHORT, "--structured-outputs-config", '{"backend": "guidance"}'),
    ]  # fmt: skip
    assert {compile_key(each) for each in alike} == {compile_key(one)}
    other = [
        shape("vllm", "f", 8_192, "--max-model-len", "8192"), shape("vllm", "g", 8_192, *SHORT, "--max-num-seqs", "8"),
        shape("vllm", "h", 8_192, *SHORT, "--block-size", "128"), shape("vllm", "i", 8_192, *SHORT, model="another"),
        shape("vllm", "j", 8_192, *SHORT, "--compilation-config", '{"cudagraph_mode": "NONE"}'),
        shape("vllm", "k", 8_192, *SHORT, "--max-num-batched-tokens", "512"),
        dataclasses.replace(one, inject="stages"), dataclasses.replace(one, env={"VLLM_X": "1"}),
        dataclasses.replace(one, dummy=False),
    ]  # fmt: skip
    assert len({compile_key(each) for each in [one, *other]}) == len(other) + 1


def test_without_chunking_the_budget_is_the_length():
    off, large = (
        shape("vllm", "a", 16_384, "--max-model-len", "16384", *flags)
        for flags in (("--no-enable-chunked-prefill",), ("--max-num-batched-tokens", "16384"))
    )
    assert compile_key(off) == compile_key(large)


def test_what_compiles_nothing_that_vllm_keeps_has_no_key():
    assert compile_key(spec("a", 1.0, "sglang")) is None
    assert compile_key(spec("a", 1.0, "vllm", "--enforce-eager")) is None


def test_a_stand_that_compiles_takes_whole_later_stands_those_first_that_need_least():
    stands = [stand(spec("a", 30.0)), stand(spec("b1", 21.0), spec("b2", 21.0)), stand(spec("c", 25.0)),
              stand(spec("d", 20.0))]  # fmt: skip
    assert planned(*stands) == {0: ["d", "c"]}
    assert planned(*stands, gib=150.0) == {0: ["d", "c", "b1", "b2"]}
    assert planned(*stands, gib=40.0) == {} and compile_ahead.plan(stands, None) == {}


def test_what_stood_before_is_not_compiled_again():
    ref = spec("ref", 20.0)
    twin = spec("twin", 30.0, "vllm", "--own", "ref", "--kv-cache-memory-bytes", "1")
    assert planned(stand(ref), stand(ref, spec("b")), stand(twin)) == {0: ["b"]}


def test_of_servers_with_one_key_the_smallest_starts():
    large, small = (spec(f"b{gib}", gib, "vllm", "--kv-cache-memory-bytes", str(gib)) for gib in (30.0, 20.0))
    assert planned(stand(spec("a")), stand(large, small)) == {0: ["b20.0"]}


def test_a_stand_that_compiles_nothing_takes_two_later_ones_or_none():
    idle = stand(spec("s", 30.0, "sglang"))
    assert planned(idle, stand(spec("b"))) == {}
    assert planned(idle, stand(spec("b")), stand(spec("c"))) == {0: ["b", "c"]}


@pytest.mark.parametrize(
    "other",
    [
        stand(spec("b"), one_by_one=True),
        stand(spec("b", None)),
        stand(spec("b"), spec("s", 20.0, "sglang", "--enable-torch-compile")),
    ],
)
def test_nothing_starts_for_or_beside_what_stands_apart(other):
    assert planned(stand(spec("a")), other) == {} and planned(other, stand(spec("c")), stand(spec("d"))).get(0) is None


def test_the_suites_stay_within_the_card(monkeypatch):
    monkeypatch.setattr(host_info, "gpu", lambda: None)
    gib = H200_GIB
    fleets = [Pending(name, fleet, frozenset(fleet.produces)) for name in suite_runner.experiments()
              for fleet in suite_runner.fleets(name, "gpu") if fleet.servers]  # fmt: skip
    stands = stand_plan.plan(fleets, gib)
    found = compile_ahead.plan(stands, gib)
    assert found, "the first stand has room for two later ones"
    for place, ahead in found.items():
        together = [*stands[place].servers.values(), *ahead]
        reserve = max(each.fleet.reserve_gib for each in stands[place].fleets)
        assert sum(each.memory_gib for each in together) + reserve <= gib + 1e-6


def test_a_cache_that_was_filled_before_is_seen_where_vllm_keeps_it(tmp_path):
    home = {"HOME": str(tmp_path)}
    assert not compile_ahead.kept_from_before(home)
    (tmp_path / ".cache/vllm/torch_compile_cache").mkdir(parents=True)
    assert not compile_ahead.kept_from_before(home)
    (tmp_path / ".cache/vllm/torch_compile_cache/digest").mkdir()
    assert compile_ahead.kept_from_before(home)
    assert not compile_ahead.kept_from_before(home | {"XDG_CACHE_HOME": str(tmp_path / "x")})
    assert compile_ahead.kept_from_before(home | {"VLLM_CACHE_ROOT": str(tmp_path / ".cache/vllm")})
