"""What the lab puts among the reference's records is listed with its digest, and it lists nothing else."""

import errno
import json

import pytest

from experiments.formats import record_list
from experiments.lab.errors import LabError
from experiments.lab.fleets import suite_runner
from experiments.lab.fleets.fleet import Fleet
from experiments.lab.host import config, host_info
from experiments.lab.records import import_records, listed_records, record_swap
from experiments.lab.records.record_file import Draft, sample


@pytest.fixture
def home(tmp_path, monkeypatch):
    """The reference's folder of a repository of its own."""
    monkeypatch.setattr(config, "ROOT", tmp_path)
    return tmp_path / config.REFERENCE


def measured(machine, out, *names, columns=True, whole=True):
    def measure(ctx):
        for name in names:
            yield Draft(name, {"seed": 1}, [sample("x", "ms", [1.0])], {"x": [1]} if columns else None)

    fleet = Fleet(names[0], names, measure, minutes=0.1, whole=whole)
    assert suite_runner.measure("05", "cpu", machine, out, suite=[fleet], again=True) == []


def listed(home):
    return sorted(record_list.read(home.parents[1]))


def test_measured_again_the_list_follows(machine, tmp_path, home):
    for columns, whole in ((True, True), (False, True), (True, False)):
        measured(machine, home, "a", "b", columns=columns, whole=whole)
        ends = (".columns.json.gz", ".json") if columns else (".json",)
        assert listed(home) == [f"records/05/{name}{end}" for name in "ab" for end in ends]
        assert record_list.faults(tmp_path) == []


def test_records_of_another_host_go_from_the_list_when_they_are_moved_aside(machine, tmp_path, home, monkeypatch):
    measured(machine, home, "a", "b")
    monkeypatch.setattr(host_info, "boot", lambda: "another")
    measured(machine, home, "b")
    assert listed(home) == ["records/05/b.columns.json.gz", "records/05/b.json"]
    assert record_list.faults(tmp_path) == []


def test_an_edited_record_keeps_the_digest_of_what_was_measured(machine, tmp_path, home):
    measured(machine, home, "a")
    path = home / "05/a.json"
    path.write_text(path.read_text().replace("1.0", "1.5"))
    measured(machine, home, "b")
    assert record_list.faults(tmp_path) == [record_list.line_of_edited("experiments/records/05/a.json")]


def test_stopped_before_it_was_listed_the_next_run_lists_it(machine, tmp_path, home, monkeypatch):
    measured(machine, home, "a")
    with monkeypatch.context() as patch:
        patch.setattr(listed_records, "write_whole", _full)
        with pytest.raises(OSError):
            record_swap.replace(home, "05", [_record(home)], ["a"])
    assert record_list.faults(tmp_path)
    record_swap.finish(home, "05")
    assert record_list.faults(tmp_path) == []


def _full(*_):
    raise OSError(errno.ENOSPC, "No space left on device")


def _record(home):
    return json.loads((home / "05/a.json").read_text()) | {"wall_s": 99.0}, (home / "05/a.columns.json.gz").read_bytes()


def test_what_is_brought_home_is_listed_and_what_is_measured_elsewhere_is_not(machine, tmp_path, home):
    measured(machine, tmp_path / "away", "a")
    assert not (tmp_path / record_list.FILE).exists()
    import_records.bring_home(tmp_path / "away", home)
    assert listed(home) == ["records/05/a.columns.json.gz", "records/05/a.json"] and not record_list.faults(tmp_path)


def test_a_list_that_cannot_be_read_is_left_as_it_is(machine, tmp_path, home):
    home.mkdir(parents=True)
    (tmp_path / record_list.FILE).write_text("{")
    with pytest.raises(LabError, match="restore it, the lab alone writes it"):
        listed_records.replaced(home, "05", (), {"a.json": "0" * 64})
    assert (tmp_path / record_list.FILE).read_text() == "{"
