"""What the lab hands to the page of `make play`: written whole, and nothing else is read."""

import json

import pytest

from experiments.formats import play_format
from experiments.formats.strict_json import FormatError

PLAYED = {"file": "mine.toml", "workload": {"requests": {}}, "runs": [{"ended": "finished"}, {"ended": "stuck"}]}


def test_what_is_written_is_read(tmp_path):
    play_format.write(tmp_path / "played.json", PLAYED)
    assert play_format.read(tmp_path / "played.json") == {"format": play_format.FORMAT, **PLAYED}
    assert [path.name for path in tmp_path.iterdir()] == ["played.json"]


@pytest.mark.parametrize(
    "text, words",
    [
        ("{", "is not JSON"),
        ("[]", "is no file of format 1"),
        (json.dumps({"format": 2, **PLAYED}), "is no file of format 1"),
        (json.dumps({"format": 1, "file": "x"}), "is no file of format 1"),
        (json.dumps({"format": 1, **PLAYED, "runs": [{"ended": "bored"}]}), "a run ended 'bored'; known: finished"),
        ('{"format": NaN}', "holds NaN"),
    ],
)
def test_anything_else_is_refused(tmp_path, text, words):
    (tmp_path / "played.json").write_text(text)
    with pytest.raises(FormatError, match=words):
        play_format.read(tmp_path / "played.json")
