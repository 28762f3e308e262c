"""Pseudo-code: ours and short, in the form in which it was written."""

import pytest

from scripts.catalog import typed_numbers
from tests.scripts.fixtures.rendered import refused, rendered
from tests.scripts.fixtures.small_site import Site


@pytest.fixture
def site(tmp_path):
    return Site(tmp_path)


def pseudo(site, code, head="vllm"):
    return rendered(site, f"/// pseudo | {head}\n{code}\n///\n").select_one("figure.pseudo")


def test_lines_keep_their_form_and_comments_are_told_apart(site):
    code = "for r in running:  # first\n    give(r, a *b* c)\n\n    if a <b and b> c: stop\n# [x](y) &amp; `z`"
    made = pseudo(site, code)
    assert made.pre.text == code
    assert [comment.text for comment in made.select("i")] == ["# first", "# [x](y) &amp; `z`"]
    assert made.pre["tabindex"] == "0" and made.pre["aria-label"] == "vLLM, pseudo-code"


def test_the_label_says_whose_it_is(site):
    made = pseudo(site, "run()", "vllm\n    title: The loop")
    assert made.figcaption.get_text(" ", strip=True) == "vLLM The loop pseudo-code, ours"
    assert made["data-engine"] == "vllm" and made.pre["aria-label"] == "vLLM, pseudo-code: The loop"


def test_a_mark_is_not_shown_and_counts_for_no_column(site):
    line = "x" * 40 + " = 64 tokens"
    assert pseudo(site, line + "{fixed: the setting of the small pool}").pre.text == line
    (found,) = typed_numbers.in_page(f"/// pseudo | vllm\n{line}\n///\n", "docs/x.md")
    assert (found.text, found.kind) == ("64 tokens", "")


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("", "is empty"),
        ("\n".join(["a"] * 13), "has 13 lines; leave out what is rare until 12 are left"),
        ("a" * 61, "in a line of 61 columns; at most 60"),
    ],
)
def test_what_is_too_long_is_a_line(site, code, said):
    refused(site, f"/// pseudo | vllm\n{code}\n///\n", said)


def test_an_engine_that_nobody_pinned(site):
    refused(site, "/// pseudo | tgi\nrun()\n///\n", "pseudo 'tgi': is no engine; use one of vllm")
