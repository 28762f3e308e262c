"""What a stranger's JSON may hold: what every reader reads alike; anything else is one line."""

import json

import pytest

from experiments.lab.errors import LabError
from experiments.lab.records import stranger_json


def refused(raw, pattern):
    with pytest.raises(LabError, match=f"^05/a.json: {pattern}.*; ask again$") as caught:
        stranger_json.read(raw, "05/a.json", "ask again")
    assert "\n" not in str(caught.value) and str(caught.value).isprintable() and len(str(caught.value)) < 300


def test_what_records_hold_is_read():
    data = {
        "host": {"gpu": "NVIDIA H200 <b>", "cpu": "Ein Prozessor, 日本"},
        "extra": {"answer": "two\nlines\t\U0001f469\u200d\U0001f4bb"},
        "values": [1.5, 2, True, None, 2**64, -1e9],
        "text": ["an answer\nof two lines"],  # a column of experiment 07
    }
    assert stranger_json.read(json.dumps(data).encode(), "x", "y") == data


@pytest.mark.parametrize("sign", "\n\r\t\0\x1b\x7f\x85\u2028\u2029\u202e\u2066\u200f\u061c")
def test_signs_that_turn_or_break_a_line_are_refused(sign):
    refused(json.dumps({"host": {"gpu": f"H{sign}"}}).encode(), rf"host.gpu holds the sign U\+{ord(sign):04X}")
    refused(json.dumps({"a": [{f"x{sign}": 1}]}).encode(), rf"a name below a\[0\] holds the sign U\+{ord(sign):04X}")
    if sign not in "\n\t":
        refused(json.dumps({"extra": [sign]}).encode(), rf"extra\[0\] holds the sign U\+{ord(sign):04X}")


@pytest.mark.parametrize(
    "raw, pattern",
    [
        (b'{"a": "\\ud800"}', r"a holds the sign U\+D800"),
        (b'{"a": 1, "b": {"c": 1, "c": 2}}', "has 'c' twice in one object"),
        (b'{"a": 1' + b"0" * 400 + b"}", "a is a number too large"),
        (b'{"a": -1' + b"0" * 5000 + b"}", "Exceeds the limit"),
        (b'{"a": 1e999}', "a is a number too large"),
        (b'{"a": NaN}', "holds NaN, which is not a number"),
        (b"[" * 31 + b"]" * 31, r"\[0\].* is nested more than 30 deep"),
        (b'{"a":' * 500 + b"1" + b"}" * 500, "a.a.a.* is nested more than 30 deep"),
        (b"[" * 99_999, "is nested too deeply"),
        (b'{"host": {"cpu": "' + b"x" * 301 + b'"}}', "host.cpu has 301 signs, at most 300"),
        (b'{"model": {"' + b"x" * 301 + b'\xff": 1}}', "is not UTF-8 at byte 313"),
        ("{}".encode("utf-16"), "is not UTF-8 at byte 0"),
        (b"\xef\xbb\xbf{}", "Unexpected UTF-8 BOM"),
        (b'{"a": ', "Expecting value"),
        (b"", "Expecting value"),
    ],
)
def test_what_is_not_read_alike_by_all_is_refused(raw, pattern):
    refused(raw, pattern)


def test_the_deepest_that_is_read():
    assert stranger_json.read(b"[" * 30 + b"]" * 30, "x", "y")
