"""One wording of a verdict, for the page and for the terminal."""

from experiments.formats.verdict_words import verdict
from experiments.lab.evaluation import compare_claims
from scripts.measured import claim_reader


def test_both_sides_word_a_verdict_alike():
    assert [verdict(True), verdict(False)] == ["holds", "does not hold"]
    assert claim_reader.verdict_words.verdict is compare_claims.verdict_words.verdict is verdict
