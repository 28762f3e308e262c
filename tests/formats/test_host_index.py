"""The list of further hosts' records: what was filed is told from what was edited, cut, added or lost."""

import pytest

from experiments.formats import host_index
from experiments.formats.host_index import Filed
from experiments.formats.strict_json import FormatError

ID = "0123456789abcdef"


@pytest.fixture
def root(tmp_path):
    folder = tmp_path / host_index.FOLDER / ID / "05"
    folder.mkdir(parents=True)
    (folder / "a.json").write_text("{}")
    (folder / "b.json.gz").write_bytes(b"x")
    listed = {f"{ID}/05": Filed("ada", host_index.digests(folder))}
    (tmp_path / host_index.file()).write_bytes(host_index.text(listed))
    return tmp_path


def test_what_was_filed_is_read_back_and_is_whole(root):
    (filed,) = host_index.read(root).values()
    assert filed.by == "ada" and set(filed.files) == {"a.json", "b.json.gz"}
    assert host_index.faults(root) == [] and host_index.places(root) == [f"{ID}/05"]
    assert host_index.bytes_of(root) > 3


def test_no_host_is_no_fault(tmp_path):
    assert host_index.read(tmp_path) == {} and host_index.faults(tmp_path) == []


@pytest.mark.parametrize(
    ("do", "line"),
    [
        (lambda folder: (folder / "a.json").write_text("{} "), "05/a.json: was edited or cut since it was filed"),
        (lambda folder: (folder / "b.json.gz").write_bytes(b""), "05/b.json.gz: was edited or cut"),
        (lambda folder: (folder / "a.json").unlink(), "05/a.json: is missing; restore it"),
        (lambda folder: (folder / "c.json").write_text("{}"), "05/c.json: was not filed with the others; remove it"),
        (lambda folder: folder.rename(folder.with_name("06")), "05: one host's records are missing; restore"),
    ],
)
def test_what_is_not_as_it_was_filed_has_a_line(root, do, line):
    do(root / host_index.FOLDER / ID / "05")
    faults = host_index.faults(root, "05")
    assert len(faults) == 1 and line in faults[0] and host_index.faults(root, "04") == []


def test_a_folder_that_nobody_filed_has_a_line(root):
    (root / host_index.FOLDER / ID / "06").mkdir()
    (line,) = host_index.faults(root, "06")
    assert "is in no list; `python -m experiments.lab hosts --accept` checks and lists it" in line


@pytest.mark.parametrize(
    "text",
    ["{", "[]", '{"schema": "hosts/2", "folders": {}}', '{"schema": "hosts/1", "folders": {"x": {}}}',
     '{"schema": "hosts/1", "folders": {"0123456789abcdef/05": {"by": null, "files": {"a": "b"}}}}'],
)  # fmt: skip
def test_a_list_that_cannot_be_read_is_refused(root, text):
    (root / host_index.file()).write_text(text)
    with pytest.raises(FormatError, match="experiments/hosts/index.json: .*; restore it, the lab alone writes it"):
        host_index.faults(root)
