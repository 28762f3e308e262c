"""Labels of drawn values: read, and what is wrong with one, or missing, in a line."""

import pytest

from scripts.measured import claim_labels
from scripts.measured.claim_reader import Claim
from tests.scripts.fixtures.small_site import one_line

NAMED = dict.fromkeys("abcd", {"value": 1.0, "unit": "ms"})


def claim(names="ab", test=None, hosts=2, ranged=False):
    host = {"id": "0" * 16, "label": "", "measured": "2026-11-30", "holds": True, "values": {}, "records": []}
    data = {
        "values": {name: NAMED[name] for name in names},
        "predicate": {"test": test or {}},
        "hosts": [host | {"id": f"{number:016}"} for number in range(hosts)],
        "range": {"a": {"low": 1, "high": 2}} if ranged else {},
    }
    return Claim("wait", "02", "experiments/claims/02.json", data)


def write(root, text):
    file = root / claim_labels.FILE
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def test_labels_are_by_claim_and_value(tmp_path):
    assert claim_labels.load(tmp_path, {}) == {}
    write(tmp_path, '[wait]\na = "in vLLM"\n')
    labels = claim_labels.load(tmp_path, {"wait": claim()})
    assert labels == {"wait": {"a": "in vLLM"}}
    (line,) = claim_labels.missing(labels, claim())
    assert line == (
        'snippets/labels.toml: claim wait: its card draws b, which has no label; add b = "..." to [wait], in the words '
        "of its sentence"
    )


def test_a_value_that_a_card_has_of_a_plan_alone_needs_a_label_too(tmp_path):
    write(tmp_path, '[wait]\na = "in vLLM"\nc = "one request"\n')
    many = claim("abcd", {"is": "above", "of": ["a"]})
    labels = claim_labels.load(tmp_path, {"wait": many})
    assert claim_labels.missing(labels, many) == []
    (line,) = claim_labels.missing(labels, many, ["a", "c", "d"])
    assert "claim wait: its card has of a plan d, which has no label" in line


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[wait", "not TOML"),
        ('[late]\na = "x"', "[late] is no claim; correct the id, or remove the table"),
        ('wait = "x"', "wait is no table of labels"),
        ('[wait]\nc32 = "x"', "[wait] has no value c32 (it has: a, b); correct the name, or remove it"),
        ("[wait]\na = 3", "[wait] a: is no label"),
        ('[wait]\na = " "', "[wait] a: is no label"),
        (f'[wait]\na = "{"x" * 49}"', "[wait] a: has 49 signs; shorten it to 48"),
        ('[wait]\na = "x"\nb = "x"', "[wait] calls two values 'x'; say what tells them apart"),
    ],
)
def test_what_is_no_label_of_a_value_is_refused(tmp_path, text, said):
    write(tmp_path, text)
    one_line(lambda: claim_labels.load(tmp_path, {"wait": claim()}), "snippets/labels.toml: ", said)


def test_drawn_are_few_values_or_those_that_the_verdict_rests_on():
    test = {"all": [{"is": "above", "limit": "d", "of": ["b"]}]}
    assert claim_labels.drawn(claim("abc")) == ["a", "b", "c"]
    assert claim_labels.drawn(claim("abcd", test)) == ["b", "d"]
    assert claim_labels.drawn(claim("abcd", {"is": "above", "of": list("abcd")})) == []
    assert claim_labels.drawn(claim(hosts=1)) == [] and claim_labels.drawn(claim(hosts=1, ranged=True)) == ["a", "b"]
