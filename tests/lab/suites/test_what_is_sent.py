"""What a seed sends, to whom and in which order: the same as ever, since records are set beside those made before."""

import pytest

from experiments.lab.fleets import suite_runner
from tests.lab.fakes.measured_fleet import Drive, digest

SENT = ("fleet", "chat", "loops", "bench", "follow", "pause", "resume", "end")
# {(experiment, GiB of the card): the digest of everything that its fleets send}
KNOWN = {
    ("01", 140): "3ae7fe30a6d72bd7",
    ("02", 140): "1575636b8ee7d05a",
    ("02", 79): "c2b2852d0e5c4b4c",
    ("03", 140): "3676edee0aad2f81",
    ("03", 79): "584dd4198d90dff1",
    ("04", 140): "747c106095a2fa9b",
    ("04", 79): "bc2a64c5b085c341",
    ("05", 140): "95ed4a8b65827c99",
    ("05", 79): "64b08395e2b8ed67",
    ("06", 140): "6f7e01e84e4181a6",
    ("07", 140): "e493372ed81d0a92",
    ("07", 79): "7da49f0494a7febc",
}


@pytest.mark.parametrize(("experiment", "gib"), KNOWN)
def test_a_seed_sends_what_it_always_has(experiment, gib, monkeypatch, tmp_path):
    suite_runner.fleets(experiment, "gpu")  # imported before anything stands in
    drive = Drive(gib).install(monkeypatch)
    for fleet in suite_runner.fleets(experiment, "gpu"):
        drive.log.append(["fleet", fleet.name, [spec.name for spec in fleet.servers]])
        drafts = drive.fleet(fleet, tmp_path)
        assert [draft["measurement"] for draft in drafts] == [*fleet.produces], "it yields what it says"
    assert digest([entry for entry in drive.log if entry[0] in SENT]) == KNOWN[experiment, gib]


def test_every_experiment_is_known():
    assert [experiment for experiment, gib in KNOWN if gib == 140] == suite_runner.experiments()
