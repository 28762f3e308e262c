"""What scenarios watch: in the pinned release, and enough for the lines that the manifests claim."""

import pytest

from experiments.lab.callpaths import scenario as scenarios
from experiments.lab.host import engine_table as lab_table
from experiments.lab.host.config import ROOT
from scripts.call_paths import claimed_paths
from scripts.catalog.site_data import Evidence
from scripts.sources import engine_table as site_table
from scripts.sources import pins


def test_what_is_watched_is_in_the_pinned_release():
    evidence = Evidence(ROOT)
    for each in scenarios.scenarios().values():
        for path, name in [*(each.plan or {}).get("lines", ()), *(each.plan or {}).get("turn", ())]:
            engine = "sglang" if path.startswith("python/sglang/") else "vllm"
            assert evidence.locator(engine)(f"{path}::{name}", each.experiment).line


@pytest.mark.parametrize("experiment", scenarios.scenarios())
def test_the_lines_that_manifests_claim_are_watched_and_the_configurations_recorded(experiment):
    scenario = scenarios.scenario(experiment)
    watched = {f"{path}::{name}" for path, name in (scenario.plan or {}).get("lines", ())}
    for path in claimed_paths.load_all(ROOT).values():
        if claimed_paths.number_of(path) == experiment:
            assert set(path.configurations) <= set(scenario.specs), path.id
            assert {hop.symbol for hop in path.hops if hop.line} <= watched, path.id


def test_the_site_and_the_lab_read_the_same_configurations():
    theirs = {name: (known.engine.name, known.processes) for name, known in lab_table.table().configurations.items()}
    ours = {name: (known.engine, known.roles[1:]) for name, known in site_table.configurations().items()}
    assert ours == theirs
    assert all(known.roles[0] == site_table.CLIENT for known in site_table.configurations().values())


def test_an_engine_goes_by_its_pins_name_and_folder():
    for name, engine in lab_table.table().engines.items():
        assert (engine.label, engine.sources) == (pins.load()[name].name, pins.load()[name].sources)
