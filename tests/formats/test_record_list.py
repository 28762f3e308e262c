"""The list of the records that pages rest on: each file that is not what the lab wrote is one line that says so."""

import pytest

from experiments.formats import record_list
from experiments.formats.strict_json import FormatError

NAMES = ("records/01/a.json", "records/02/b.json", "drift/vllm-1.0/01/path.json")


@pytest.fixture
def root(tmp_path):
    for name in NAMES:
        path = tmp_path / "experiments" / name
        path.parent.mkdir(parents=True)
        path.write_text(name)
    (tmp_path / record_list.FILE).write_bytes(record_list.text(record_list.there(tmp_path)))
    return tmp_path


def test_as_it_was_written_it_has_no_fault(root):
    assert list(record_list.read(root)) == sorted(NAMES)
    assert record_list.faults(root) == record_list.faults(root, "01") == []


@pytest.mark.parametrize("name", NAMES)
def test_each_file_may_be_edited_missing_or_renamed(root, name):
    path = root / "experiments" / name
    path.write_text("other")
    assert record_list.faults(root) == [record_list.line_of_edited(f"experiments/{name}")]
    assert record_list.edited(root, f"experiments/{name}")
    path.unlink()
    (line,) = record_list.faults(root)
    assert line == f"experiments/{name}: is missing; restore it: git checkout -- experiments/{name}"
    path.with_name("c.json").write_text(name)
    (line,) = record_list.faults(root)
    assert line.endswith(f"c.json: is experiments/{name} under another name; a record is never renamed, restore it")


def test_what_was_not_put_there_by_the_lab(root):
    (root / "experiments/records/01/c.json").write_text("c")
    (root / "experiments/records/02/.next-1").mkdir()
    (root / "experiments/records/02/.next-1/c.json").write_text("d")
    copied, left = record_list.faults(root)
    assert "01/c.json: is in no list" in copied and "was left by a run that was stopped" in left


def test_of_one_experiment_only_its_own(root):
    (root / "experiments/records/01/a.json").write_text("other")
    assert len(record_list.faults(root, "01")) == 1 and record_list.faults(root, "02") == []


NO_LISTS = ("{", "[]", '{"schema": "records/1"}', '{"schema": "records/1", "files": {"../x": "1"}}')


@pytest.mark.parametrize("text", NO_LISTS)
def test_a_list_that_is_none_is_to_be_restored(root, text):
    (root / record_list.FILE).write_text(text)
    with pytest.raises(FormatError, match="restore it, the lab alone writes it"):
        record_list.read(root)
    assert len(record_list.faults(root)) == 1


def test_a_list_that_is_gone_is_one_line(root):
    (root / record_list.FILE).unlink()
    assert len(record_list.faults(root)) == 1 and "index.json: is missing" in record_list.faults(root)[0]
