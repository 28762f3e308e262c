"""The count that stands for something silent: a line in a log when asked for, none else, and never after its end."""

import time

import pytest

from scripts.common.progress import Ticking


def test_a_log_has_a_line_as_often_as_asked(capsys):
    with Ticking("making it", lambda: ", 3 MB installed", log_every=0.05):
        time.sleep(0.3)
    lines = capsys.readouterr().out.splitlines()
    assert lines and set(lines) == {"  making it: 0 s, 3 MB installed"}
    time.sleep(0.1)
    assert capsys.readouterr().out == ""


def test_a_log_has_none_when_none_is_asked_for(capsys):
    with Ticking("making it"):
        time.sleep(0.1)
    assert capsys.readouterr().out == ""


def test_a_terminal_counts_and_the_line_is_cleared(capsys, monkeypatch):
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    with Ticking("making it"):
        time.sleep(1.2)
    assert capsys.readouterr().out == "making it: 1 s\x1b[K\r\x1b[K"


def test_a_failure_ends_the_count(capsys):
    with pytest.raises(KeyError), Ticking("making it", log_every=0.02):
        raise KeyError
    time.sleep(0.1)
    assert capsys.readouterr().out == ""
