"""Records of one experiment are of one host: another host's are moved aside, and not lost, when this one's count."""

import pytest

from experiments.lab.errors import LabError
from experiments.lab.fleets import suite_runner
from experiments.lab.fleets.fleet import Fleet
from experiments.lab.host import config, host_info
from experiments.lab.records import import_records
from experiments.lab.records.other_host import folder_beside, set_aside
from experiments.lab.records.record_file import Draft, Record, finish, sample, write

GPU = {"name": "NVIDIA Fake", "uuid": "GPU-1", "memory_bytes": 1, "driver": "580.1"}


@pytest.fixture
def on(monkeypatch):
    """Go on on another machine: one of that letter, with its GPU unless told otherwise."""

    def go(letter, gpu=True):
        monkeypatch.setattr(host_info, "gpu", lambda: {**GPU, "uuid": f"GPU-{letter}"} if gpu else None)
        monkeypatch.setattr(host_info, "cuda_version", lambda: "13.0")
        monkeypatch.setattr(host_info, "boot", lambda: letter)
        return host_info.host()["id"]

    return go


def fleet(name, *produces, fail=None, **more):
    def measure(ctx):
        for each in produces:
            if each == fail:
                raise LabError("the host went away")
            yield Draft(each, {"seed": 1}, [sample("x", "ms", [1.0])], {"x": [1]})

    return Fleet(name, produces, measure, minutes=0.1, **more)


SUITE = (("f1", ("a1", "a2"), True), ("f2", ("b1", "b2"), True), ("single", ("c",), False))


def measured(machine, out, fail=None, only=None, experiment="05"):
    suite = [fleet(name, *produces, whole=whole, fail=fail) for name, produces, whole in SUITE]
    return suite_runner.measure(experiment, "cpu", machine, out, only=only, suite=suite)


def hosts(folder):
    return {path.stem: Record(path).host for path in sorted(folder.glob("*.json"))}


def test_the_same_host_goes_on_and_repeats_nothing(machine, tmp_path, on, capsys):
    first = on("a")
    assert measured(machine, tmp_path, fail="b2") == ["f2: the host went away"]
    assert measured(machine, tmp_path) == []
    assert hosts(tmp_path / "05") == dict.fromkeys(("a1", "a2", "b1", "b2", "c"), first)
    assert "f1: finished before" in capsys.readouterr().err and not (tmp_path / "aside").exists()


def test_on_another_host_the_experiment_starts_anew_and_nothing_is_mixed_or_lost(machine, tmp_path, on, capsys):
    first = on("a")
    measured(machine, tmp_path, fail="c")
    measured(machine, tmp_path, experiment="06")
    second = on("b")
    assert measured(machine, tmp_path, fail="a1", only="f1") == ["f1: the host went away"]
    assert set(hosts(tmp_path / "05").values()) == {first}, "until this host has finished something"
    assert measured(machine, tmp_path, fail="b1", only="f1,f2") == ["f2: the host went away"]
    assert hosts(tmp_path / "05") == {"a1": second, "a2": second}
    aside = tmp_path / f"aside/{first}/05"
    assert hosts(aside) == dict.fromkeys(("a1", "a2", "b1", "b2"), first)
    assert all(Record(path).columns == {"x": [1]} for path in aside.glob("*.json"))
    assert f"experiment 05: records of host {first} are moved to {aside}" in capsys.readouterr().err
    assert set(hosts(tmp_path / "06").values()) == {first}, "another experiment is no matter of this"
    assert measured(machine, tmp_path) == [] and set(hosts(tmp_path / "05").values()) == {second}
    assert {path.parent.name for path in import_records.bring_home(tmp_path, tmp_path / "home")} == {"05", "06"}


def test_a_host_that_comes_back_finds_no_folder_overwritten(machine, tmp_path, on):
    first, second = on("a"), on("b")
    for letter in "aba":
        on(letter)
        assert measured(machine, tmp_path) == []
    on("b")
    assert measured(machine, tmp_path) == []
    assert sorted(path.name for path in (tmp_path / "aside").iterdir()) == sorted([first, f"{first}-2", second])


def test_a_record_that_is_written_by_itself_moves_them_before_it(machine, tmp_path, on):
    first = on("a")
    measured(machine, tmp_path)
    second = on("b")
    measured(machine, tmp_path, only="single")
    assert hosts(tmp_path / "05") == {"c": second} and len(hosts(tmp_path / f"aside/{first}/05")) == 5


def test_a_machine_without_a_gpu_and_a_recording_are_let_be(tmp_path, on):
    processor = on("cpu", gpu=False)
    for name in ("counts", "path-vllm-gpu"):
        write(tmp_path, *finish(Draft(name, {"seed": 1}, [sample("x", "ms", [1.0])]), "05", 0, 0))
    (tmp_path / "05/cut.json").write_text("{")
    on("a")
    assert set_aside(tmp_path, "05", host_info.host()) == []
    (moved,) = set_aside(tmp_path, "05", host_info.host(), ["counts"])
    assert moved == tmp_path / f"aside/{processor}/05/counts.json"
    assert sorted(path.name for path in (tmp_path / "05").iterdir()) == ["cut.json", "path-vllm-gpu.json"]


def test_a_recording_stays_when_its_host_is_another(tmp_path, on):
    on("a")
    path = write(tmp_path, *finish(Draft("path-x", {"seed": 1}, [sample("x", "ms", [1.0])]), "05", 0, 0))
    path.write_text(path.read_text().replace('"samples"', '"recording": {}, "samples"', 1))
    on("b")
    assert set_aside(tmp_path, "05", host_info.host()) == [] and path.exists()


def test_below_the_published_records_lies_nothing_but_records(tmp_path):
    assert folder_beside(config.ROOT / config.REFERENCE, "logs") == config.ROOT / "experiments/local/logs"
    assert folder_beside(tmp_path, "logs") == tmp_path / "logs"
