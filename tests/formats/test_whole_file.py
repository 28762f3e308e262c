"""A file is the old one or the new one, and nothing lies beside it."""

import os
import stat

import pytest

from experiments.formats.whole_file import write_whole


def test_it_is_written_and_replaced_readable_for_all(tmp_path):
    path = tmp_path / "a.json"
    for data in (b"one", b"two"):
        write_whole(path, data)
        assert path.read_bytes() == data and stat.S_IMODE(path.stat().st_mode) == 0o644
    assert [each.name for each in tmp_path.iterdir()] == ["a.json"]


@pytest.mark.parametrize("step", ["fsync", "replace", "chmod"])
def test_a_failure_at_any_step_leaves_the_old_one_and_nothing_else(tmp_path, monkeypatch, step):
    path = tmp_path / "a.json"
    write_whole(path, b"old")

    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, step, fail)
    with pytest.raises(OSError, match="No space left"):
        write_whole(path, b"new")
    assert path.read_bytes() == b"old" and [each.name for each in tmp_path.iterdir()] == ["a.json"]


def test_an_interrupt_leaves_nothing_beside_it_either(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        write_whole(tmp_path / "a.json", b"new")
    assert list(tmp_path.iterdir()) == []


def test_text_and_bytes_replace_what_stood_there(tmp_path):
    file = tmp_path / "a.txt"
    write_whole(file, "ä\n")
    assert file.read_bytes() == "ä\n".encode()
    write_whole(file, b"\xff")
    assert file.read_bytes() == b"\xff" and os.listdir(tmp_path) == ["a.txt"]


def test_the_content_is_on_the_disk_before_the_name_is(tmp_path, monkeypatch):
    steps = []
    fsync, replace = os.fsync, os.replace
    monkeypatch.setattr(os, "fsync", lambda handle: (steps.append("fsync"), fsync(handle)))
    monkeypatch.setattr(os, "replace", lambda *names: (steps.append("replace"), replace(*names)))
    write_whole(tmp_path / "a.txt", "new")
    assert steps == ["fsync", "replace"]


def test_a_file_that_cannot_be_made_is_an_os_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        write_whole(tmp_path / "no/such/folder.txt", "x")
