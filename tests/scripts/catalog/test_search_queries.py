"""Queries of readers: read as they stand, each once, each with an address; and the word that each error says."""

import pytest

from scripts.catalog import search_queries
from tests.scripts.fixtures.small_site import one_line

GOOD = '[[query]]\nask = "--max-num-seqs"\nfirst = "reference/knobs/#knob-places"\n'


@pytest.fixture
def write(tmp_path):
    def write(text: str):
        (tmp_path / "snippets").mkdir(exist_ok=True)
        (tmp_path / search_queries.FILE).write_text(text)
        return tmp_path

    return write


def test_the_site_has_sixty_at_least_of_many_kinds():
    asked = [query.ask for query in search_queries.load()]
    assert len(asked) >= 60
    for kind in ("--max-num-seqs", "max_num_batched_tokens", "num_preemptions", "pre-emption", "what is a KV block"):
        assert kind in asked
    assert sum(query.first.startswith("reference/elsewhere/") for query in search_queries.load()) >= 5


def test_without_a_file_there_is_none(tmp_path):
    assert search_queries.load(tmp_path) == []


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (GOOD + GOOD, ["query '--max-num-seqs'", "two querys are called that", "rename one"]),
        ('[[query]]\nask = "x"\n', ["query 'x'", "'first' is missing", "add it"]),
        ('[[query]]\nask = "x"\nfirst = "/knobs"\n', ["query 'x'", "'/knobs' is no address", "write it as"]),
        ('[[query]]\nask = " "\nfirst = ""\n', ["'ask' must be text", "correct or remove it"]),
        ('[[question]]\nask = "x"\n', ["'question' is nothing that it holds", "write [[query]]"]),
    ],
)
def test_what_is_refused(write, text, says):
    root = write(text)
    one_line(lambda: search_queries.load(root), search_queries.FILE, *says)


def test_an_address_that_the_search_cannot_give_is_refused(write):
    queries = search_queries.load(write(GOOD))
    search_queries.check(queries, {"reference/knobs/#knob-places"})
    remedy = "name another place of reference/knobs/"
    one_line(lambda: search_queries.check(queries, {"reference/knobs/"}), "'--max-num-seqs'", "has no", remedy)
    one_line(lambda: search_queries.check(queries, set()), "'--max-num-seqs'", "correct the page")
