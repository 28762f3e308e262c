"""pip's words for a setting that it refuses; how they are met in a run is test_pip_settings's."""

import sys

import pytest

from scripts.environments import pip_complaints


@pytest.mark.parametrize(
    "output, line",
    [
        (
            "ERROR: something\nof another kind at http://me:secret@mirror.invalid/\n",
            "pip's settings cannot be read (of another kind at http://...@mirror.invalid/); "
            "correct what `python -m pip config list` names",
        ),
        ("", "pip's settings cannot be read (it printed nothing); correct what `python -m pip config list` names"),
        (
            "Configuration file contains invalid UTF-8 characters in /a/pip.conf.\n",
            "/a/pip.conf: is not UTF-8, so pip reads no setting of it; correct it, then run it again",
        ),
    ],
)
def test_a_refusal_is_one_line(output, line):
    assert str(pip_complaints.refusal("python", output)) == line


def test_a_setting_that_stands_nowhere_is_called_by_its_name(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("PIP_CLIENT_CERT", raising=False)
    assert pip_complaints.place_of(sys.executable, "client-cert") == "pip's setting client-cert"
