"""`make experiments` measures what the machine can, says in a line what it cannot, and goes on."""

import contextlib

import pytest

from experiments.lab.analysis import notebook_runner
from experiments.lab.errors import LabError
from experiments.lab.evaluation import compare_claims, host_claims, host_ranges, measure_and_redraw
from experiments.lab.fleets import suite_runner
from experiments.lab.fleets.fleet import Fleet
from experiments.lab.host import config, host_info
from experiments.lab.records.record_file import Draft, sample

GPU_LINE = "experiment {}: the GPU tier is not measured here (no GPU)"


@pytest.fixture
def here(machine, tmp_path, monkeypatch):
    """Nothing of this repository is measured or redrawn, and no other run is waited for."""
    monkeypatch.setattr(suite_runner, "one_at_a_time", contextlib.nullcontext)
    monkeypatch.setattr(config, "ROOT", tmp_path)
    monkeypatch.setattr(host_info, "gpu", lambda: None)
    return machine


class Options:
    exp, reference, no_measure, card, cards = None, False, False, None, None


def one(name):
    def measure(ctx):
        yield Draft(name, {"seed": 1}, [sample("x", "ms", [1.0])])

    return Fleet(name, (name,), measure, engines=("vllm-cpu",), minutes=0.1)


def test_without_a_gpu_each_experiment_says_so_in_a_line_and_the_rest_is_measured(here, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(suite_runner, "experiments", lambda: ["05", "06"])
    monkeypatch.setattr(suite_runner, "fleets", lambda experiment, tier: [one(f"{tier}-{experiment}")])
    monkeypatch.setattr(compare_claims, "both", lambda *_: ([], [], {}))  # no notebook is run
    assert measure_and_redraw.experiments_command(Options, here) == 0
    lines = capsys.readouterr().err.splitlines()
    for experiment in ("05", "06"):
        assert lines.count(GPU_LINE.format(experiment)) == 1
        made = tmp_path / f"experiments/local/records/{experiment}"
        assert [path.name for path in made.iterdir()] == [f"cpu-{experiment}.json"]


@pytest.mark.parametrize("experiment", suite_runner.experiments())
def test_the_suites_that_are_here_say_it_too(here, tmp_path, monkeypatch, capsys, experiment):
    asked = []
    monkeypatch.setattr(suite_runner, "measure_all", lambda names, tier, *_, **__: asked.append((names, tier)) or [])
    assert measure_and_redraw.measure_here([experiment], here, tmp_path / "out") == []
    err = capsys.readouterr().err
    assert err.splitlines()[0] == GPU_LINE.format(experiment) and "Traceback" not in err
    assert asked == [([experiment], "cpu")]


def test_a_gpu_without_an_engine_for_it_is_told_from_none(here, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(host_info, "gpu", lambda: {"name": "NVIDIA L4"})
    monkeypatch.setattr(suite_runner, "fleets", lambda experiment, tier: [])
    assert measure_and_redraw.measure_here(["05"], here, tmp_path / "out") == []
    line = "experiment 05: the GPU tier is not measured here (no interpreter has vLLM or SGLang for GPUs)\n"
    assert capsys.readouterr().err == line


def test_a_card_that_is_too_small_is_a_line_and_the_other_tier_is_measured(card, monkeypatch, capsys):
    def fleets(experiment, tier):
        if tier == "gpu":
            raise LabError("NVIDIA Fake: too small for the shape: it has 80.0 GiB")
        return [one("cpu-06")]

    monkeypatch.setattr(suite_runner, "fleets", fleets)
    out = card.folder / "out"
    assert measure_and_redraw.measure_here(["06"], card.settings, out) == [
        "experiment 06, gpu tier: not measured here: NVIDIA Fake: too small for the shape: it has 80.0 GiB"
    ]
    assert (out / "06/cpu-06.json").exists()


def test_a_notebook_that_fails_keeps_no_other_experiments_table_away(here, monkeypatch, capsys):
    def both(experiment, reference_only):
        if experiment == "05":
            raise LabError("claim hits: rests on records of 2 hosts")
        return [], [], {}

    monkeypatch.setattr(suite_runner, "experiments", lambda: ["05", "06"])
    monkeypatch.setattr(suite_runner, "fleets", lambda experiment, tier: [])
    monkeypatch.setattr(compare_claims, "both", both)
    assert measure_and_redraw.experiments_command(Options, here) == 1
    out, err = capsys.readouterr()
    assert out.startswith("experiment 06\n")
    assert err.splitlines()[-1] == "experiment 05: claim hits: rests on records of 2 hosts"


def test_a_host_without_some_records_is_a_line_and_the_claims_stay_as_they_were(here, tmp_path, monkeypatch, capsys):
    """Once the notebook's claims stayed, of the reference alone, and the ranges of all claims ended in a traceback."""
    claims = tmp_path / "experiments/claims/05.json"
    claims.parent.mkdir(parents=True)
    claims.write_text("with their hosts")

    def halved(experiment, root):
        raise LabError("experiments/hosts/4efe/05: lacks a record that claim hits rests on")

    monkeypatch.setattr(suite_runner, "experiments", lambda: ["05"])
    monkeypatch.setattr(suite_runner, "fleets", lambda experiment, tier: [])
    monkeypatch.setattr(measure_and_redraw, "reference_records", lambda experiment: ["a record"])
    monkeypatch.setattr(notebook_runner, "execute", lambda *_: claims.write_text("of the reference alone"))
    monkeypatch.setattr(host_claims, "write", halved)
    monkeypatch.setattr(host_ranges, "write", lambda root: None)
    assert measure_and_redraw.experiments_command(Options, here) == 1
    assert claims.read_text() == "with their hosts"
    assert "experiment 05: experiments/hosts/4efe/05: lacks a record" in capsys.readouterr().err
