"""What the suites lay out on cards of several sizes: what fits, and on a large card the servers of the reference."""

import functools
import json
import os
import re
import subprocess
import sys

import pytest

from experiments.lab.errors import LabError
from experiments.lab.fleets import suite_runner
from experiments.lab.host import host_info
from experiments.lab.host.config import ROOT
from experiments.lab.suites.common import plan
from experiments.lab.suites.common.loads import AtOnce
from experiments.lab.suites.common.shape_servers import LONGEST, SMALL_LONGEST, SMALL_TOKEN_BYTES

EXPERIMENTS = suite_runner.experiments()
SMALL = (14.5, 16.0, 22.0, 24.0)
# A card's size decides when the suites are imported: each has a process of its own.
LAID_OUT = """
import json, sys
from experiments.lab.errors import LabError
from experiments.lab.fleets import suite_runner
from experiments.lab.host import host_info
whole = float(sys.argv[1])
host_info.gpu = lambda: {"name": "NVIDIA Fake", "memory_bytes": int(whole * 2**30)} if whole else None
host_info.host = lambda engine=None: {"id": "0" * 16}
found = {}
for experiment in suite_runner.experiments():
    try:
        fleets = suite_runner.fleets(experiment, "gpu")
    except LabError as error:
        found[experiment] = str(error)
        continue
    found[experiment] = [
        {"name": fleet.name, "plan": fleet.plan, "minutes": fleet.minutes, "produces": fleet.produces, "servers": [
            {"name": s.name, "engine": s.engine, "model": s.model, "flags": s.flags, "gib": s.memory_gib}
            for s in fleet.servers]}
        for fleet in fleets
    ]
print(json.dumps(found))
"""


@functools.cache
def laid_out(cap=None, whole=0.0):
    environment = {key: value for key, value in os.environ.items() if not key.startswith("LAB_")}
    done = subprocess.run(
        [sys.executable, "-c", LAID_OUT, str(whole)], capture_output=True, text=True, check=True, cwd=ROOT,
        env=environment | ({"LAB_CARD_GIB": str(cap)} if cap else {}),
    )
    return json.loads(done.stdout)


def fleets(found):
    return [fleet for experiment in EXPERIMENTS for fleet in found[experiment]]


def servers(found):
    return [server for fleet in fleets(found) for server in fleet["servers"]]


FITS = ("--max-model-len", "--gpu-memory-utilization", "--mem-fraction-static", "--kv-cache-memory-bytes",
        "--max-total-tokens")  # they only make servers fit beside each other


def meant(flags):
    """Flags without those that only make servers fit, each with its value."""
    left_out = {index for name in FITS if name in flags for index in (flags.index(name), flags.index(name) + 1)}
    return [flag for index, flag in enumerate(flags) if index not in left_out]


def flag(server, name):
    return server["flags"][server["flags"].index(name) + 1]


@pytest.mark.parametrize("gib", SMALL)
def test_every_experiment_is_laid_out_on_a_small_card_and_fits(gib):
    found = laid_out(cap=gib)
    for experiment in EXPERIMENTS:
        mine = [fleet for fleet in found[experiment] if fleet["servers"]]
        assert mine, experiment
        for fleet in mine:
            assert sum(server["gib"] for server in fleet["servers"]) <= gib - 0.6 + 1e-9, fleet["name"]
            assert fleet["plan"] == ("16gb" if gib < 20.5 else "24gb")
    assert {server["model"] for server in servers(found)} == {"qwen3-0.6b-shape", "qwen3-0.6b-vocab", "smollm2-135m"}


@pytest.mark.parametrize("gib", SMALL)
def test_a_small_plan_takes_at_most_forty_minutes(gib):
    assert sum(fleet["minutes"] for fleet in fleets(laid_out(cap=gib))) <= 40


@pytest.mark.parametrize("gib", SMALL)
def test_a_pool_of_a_small_plan_takes_the_longest_request_that_vllm_must_have_room_for(gib):
    for server in servers(laid_out(cap=gib)):
        if server["engine"] == "vllm":
            small = server["model"] == "smollm2-135m"
            own = SMALL_LONGEST if small else LONGEST
            a_token = SMALL_TOKEN_BYTES if small else plan.GB_24.token_bytes
            tokens = int(flag(server, "--kv-cache-memory-bytes")) // a_token
            longest = int(flag(server, "--max-model-len")) if "--max-model-len" in server["flags"] else own
            assert longest <= tokens, server["name"]
            assert longest <= own, f"{server['name']}: vLLM refuses a length beyond the model's own"


@pytest.mark.parametrize(("cap", "whole"), [(22.0, 139.8), (22.0, 23.6), (14.5, 15.6)])
def test_shares_of_a_capped_card_are_of_the_whole_card_and_below_the_cap(cap, whole):
    for fleet in fleets(laid_out(cap=cap, whole=whole)):
        asked = {"vllm": 0.0, "sglang": 0.0}
        for server in fleet["servers"]:
            if server["engine"] == "vllm":
                share = float(flag(server, "--gpu-memory-utilization"))
                assert share * whole <= server["gib"], "vLLM asks at its start for more than it takes"
                asked["vllm"] += share * whole
            else:
                assert float(flag(server, "--mem-fraction-static")) * whole <= cap
        assert asked["vllm"] <= cap


def test_a_cap_and_a_card_of_that_size_start_the_same_servers_but_for_shares():
    def bare(found):
        text = json.dumps(found)
        return re.sub(r'("--(gpu-memory-utilization|mem-fraction-static)", )"[\d.]+"', r"\1", text)

    assert bare(laid_out(cap=22.0, whole=139.8)) == bare(laid_out(whole=22.0)) == bare(laid_out(cap=22.0))


@pytest.mark.parametrize(("cap", "whole"), [(None, 0.0), (None, 139.8)])
def test_a_large_card_starts_the_servers_that_the_reference_was_measured_on(cap, whole):
    """Flag by flag, as the committed records have them; what a suite has gained or lost since is its own affair."""
    found, compared = laid_out(cap, whole), 0
    for experiment in EXPERIMENTS:
        for fleet in found[experiment]:
            assert fleet["plan"] == ""
            for server in fleet["servers"]:
                for path in (ROOT / "experiments/records" / experiment).glob(f"*-{server['name']}.json"):
                    if path.stem not in fleet["produces"] or ("small" in path.stem) != ("small" in server["name"]):
                        continue
                    command = json.loads(path.read_text())["command"]
                    assert f"models/{server['model']}" in command
                    rest = command[command.index("PORT") + 1 :]
                    dummy = ["--load-format", "dummy"] if server["model"] != "smollm2-135m" else []
                    assert meant(rest) == meant([*dummy, *server["flags"]]), path
                    compared += 1
    assert compared > 60


def test_a_card_between_the_plans_takes_more_of_the_smaller_ones_servers_at_a_time():
    found = laid_out(cap=48.0)
    assert {fleet["plan"] for fleet in fleets(found) if fleet["servers"]} == {"24gb"}
    assert [len(fleet["servers"]) for fleet in found["04"] if fleet["servers"]] == [4]


@pytest.mark.parametrize(("cap", "whole", "whose"), [(8.0, 139.8, "LAB_CARD_GIB"), (None, 8.0, "NVIDIA Fake")])
def test_below_the_smallest_plan_every_experiment_is_one_line(cap, whole, whose):
    for line in laid_out(cap, whole).values():
        assert line == (
            f"{whose}: too small for every shape: 8.0 GiB, and the Qwen3-0.6B shape needs 14.5; measure on a GPU with "
            "14.5 GiB or more"
        )


def test_the_records_of_a_small_plan_have_the_names_of_the_large_cards(monkeypatch):
    """But for the number of the fleet, which a smaller card moves."""
    def names(found):
        return {re.sub(r"-f\d+-", "-f-", name) for fleet in fleets(found) for name in fleet["produces"]}

    assert names(laid_out(cap=22.0)) <= names(laid_out()) and names(laid_out(cap=14.5)) <= names(laid_out())


def test_what_a_plan_changes_is_asked_for_by_some_suite_under_that_name():
    text = "".join(path.read_text() for path in (ROOT / "experiments/lab/suites").glob("*/*.py"))
    asked = set(re.findall(r'PLAN\.(?:value|load|has)\(\s*"([^"]+)"', text))
    names = {server["name"] for server in servers(laid_out())}
    for each in plan.PLANS:
        assert set(each.changed) <= asked and each.left_out <= asked | names


def test_a_plan_gives_its_own_values_and_else_the_large_cards():
    load = AtOnce(requests=40, prompt_tokens=1024, output_tokens=64)
    assert plan.LARGE.load("06 offline", load) == load and plan.LARGE.value("06 tokens", 33_000) == 33_000
    assert plan.GB_24.load("06 offline", load) == AtOnce(18, 1024, 64) and plan.GB_24.value("no such", 7) == 7
    assert plan.LARGE.has("06 capacity") and not plan.GB_16.has("06 capacity")


@pytest.mark.parametrize(
    ("gib", "name"), [(139.8, ""), (79.2, ""), (73.9, "24gb"), (20.5, "24gb"), (20.4, "16gb"), (8, "16gb")]
)
def test_the_plan_goes_by_the_cards_size(gib, name):
    assert plan.of_card(gib).name == name


def test_a_share_is_rounded_down_and_of_the_whole_card(monkeypatch):
    monkeypatch.setattr(host_info, "gpu", lambda: {"name": "X", "memory_bytes": 100 * 2**30})
    assert plan.share(6.28) == "0.062" and plan.share_of_usable(0.95) == "0.95"
    monkeypatch.setenv("LAB_CARD_GIB", "22")
    assert plan.share_of_usable(0.95) == "0.209" and plan.checked_gib() == 22
    monkeypatch.setenv("LAB_CARD_GIB", "12")
    with pytest.raises(LabError, match="LAB_CARD_GIB: too small for every shape: 12.0 GiB"):
        plan.checked_gib()
