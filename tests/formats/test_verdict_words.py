"""One wording of a verdict, for the page and for the terminal."""

import pytest

from experiments.formats import verdict_words
from experiments.formats.verdict_words import verdict
from experiments.lab.evaluation import compare_claims
from scripts.measured import claim_reader


@pytest.mark.parametrize(
    ("hosts", "words", "state", "answer", "on"),
    [
        ([True], "holds", "true", "yes", "the one host measured"),
        ([False], "does not hold", "false", "NO", "no host"),
        ([True, True, True], "holds", "true", "yes", "all 3 hosts"),
        ([True, False, True], "holds on 2 of 3", "some", "yes on 2 of 3", "2 of 3 hosts"),
        ([False, False], "does not hold", "false", "NO", "none of 2 hosts"),
    ],
)
def test_a_verdict_is_worded_by_its_hosts(hosts, words, state, answer, on):
    assert (verdict(hosts), verdict_words.state(hosts), verdict_words.answer(hosts)) == (words, state, answer)
    assert verdict_words.holds_on(hosts) == on


def test_both_sides_word_a_verdict_alike():
    assert claim_reader.verdict_words.verdict is compare_claims.verdict_words.verdict is verdict


def test_a_value_lies_in_a_range_with_both_ends():
    assert [verdict_words.place(value, 1, 2) for value in (1, 2, 0.99)] == ["in range", "in range", "outside"]
    assert verdict_words.place(26, 26.000000000000004, 26.000000000000004) == "in range"
    assert [verdict_words.count(hosts) for hosts in (1, 3)] == ["1 host", "3 hosts"]


def test_a_mark_says_verdict_and_hosts():
    assert verdict_words.on_hosts([True]) == "holds on the one host measured"
    assert verdict_words.on_hosts([False]) == "does not hold on the one host measured"
    assert verdict_words.on_hosts([True] * 3) == "holds on 3 of 3 hosts"
    assert verdict_words.on_hosts([True, False, True]) == "holds on 2 of 3 hosts"
    assert verdict_words.on_hosts([False] * 3) == "does not hold on any of 3 hosts"
