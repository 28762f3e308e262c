"""What a seed sends, to whom and in which order: a change of it is seen, since records are set beside those made
before; and that another seed sends other prompts."""

import itertools
import sys
import types

import pytest

from experiments.lab.fleets import suite_runner
from experiments.lab.suites.common import sweep
from tests.lab.fakes.measured_fleet import Drive, digest

SENT = ("fleet", "chat", "loops", "bench", "follow", "pause", "resume", "end")
# {(experiment, GiB of the card): the digest of everything that its fleets send}
KNOWN = {
    ("01", 140): "889fcff446b21e37",
    ("02", 140): "deabf2ecd0defb3b",
    ("02", 79): "4d3814753deab3d4",
    ("03", 140): "ea98cd6cc254f34b",
    ("03", 79): "357139eef9c1e300",
    ("04", 140): "2cba240dd97d5706",
    ("04", 79): "27e3e2854d9f56b6",
    ("05", 140): "f167e2c4a89ffe76",
    ("05", 79): "f3f6d851b22dd0c5",
    ("06", 140): "121fe7d542c19994",
    ("07", 140): "1bccc373afe1d6df",
    ("07", 79): "90ab62f2c638d720",
}


@pytest.mark.parametrize(("experiment", "gib"), KNOWN)
def test_a_seed_sends_what_it_did(experiment, gib, monkeypatch, tmp_path):
    suite_runner.fleets(experiment, "gpu")  # imported before anything stands in
    drive = Drive(gib).install(monkeypatch)
    for fleet in suite_runner.fleets(experiment, "gpu"):
        drive.log.append(["fleet", fleet.name, [spec.name for spec in fleet.servers]])
        drafts = drive.fleet(fleet, tmp_path)
        assert [draft["measurement"] for draft in drafts] == [*fleet.produces], "it yields what it says"
    assert digest([entry for entry in drive.log if entry[0] in SENT]) == KNOWN[experiment, gib]


def test_every_experiment_is_known():
    assert [experiment for experiment, gib in KNOWN if gib == 140] == suite_runner.experiments()


def sent_with(offset, experiment, monkeypatch, tmp_path):
    """What an experiment's GPU suite sends where LAB_SEED_OFFSET is `offset`."""
    (path,) = suite_runner.SUITES.glob(f"exp{experiment}_*/gpu.py")
    with monkeypatch.context() as patched:
        patched.setenv("LAB_SEED_OFFSET", str(offset))
        module = types.ModuleType(f"experiments.lab.suites.{path.parent.name}.gpu_moved")
        patched.setitem(sys.modules, module.__name__, module)
        exec(compile(path.read_text(), path, "exec"), vars(module))
        drive = Drive(140).install(patched)
        for fleet in module.fleets():
            drive.fleet(fleet, tmp_path)
    return [entry for entry in drive.log if entry[0] in ("chat", "loops", "bench", "follow")]


@pytest.mark.parametrize("experiment", suite_runner.experiments())
def test_another_seed_sends_no_prompt_again(experiment, monkeypatch, tmp_path):
    suite_runner.fleets(experiment, "gpu")
    once, again = ({entry[-1] for entry in sent_with(offset, experiment, monkeypatch, tmp_path)} for offset in (1, 2))
    assert once and not once & again


def test_no_two_fleets_of_a_host_have_a_prompt_in_common():
    modules = [suite_runner.importlib.import_module(f"experiments.lab.suites.{path.name}.gpu")
               for path in suite_runner.SUITES.glob("exp[0-9][0-9]_*")]
    seeds = [module.SEED for module in modules]
    assert len({seed % 100_000 for seed in seeds}) == len(seeds) == len(suite_runner.experiments())
    for moved in (0, 9972):
        first = [sweep.prompts(seed + moved, number).fresh(16)[0] for seed in seeds for number in range(12)]
        first.sort()
        assert min(later - earlier for earlier, later in itertools.pairwise(first)) >= 10_000_000
