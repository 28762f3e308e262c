"""A claim's result in a line, its card folded in Evidence, and its verdict as a sign."""

import pytest
from selectolax.lexbor import LexborHTMLParser

from scripts.catalog import ledger, site_data
from scripts.prepare import html_checks
from scripts.publish import page_text
from tests.scripts.fixtures.rendered import html_of, refused, rendered
from tests.scripts.fixtures.several_hosts import on_hosts, share
from tests.scripts.fixtures.small_site import Site

LINE = "/// result | wait\nMeasured: it waits {{wait.share}} of its time.\n///\n"
CARD = "\n## Evidence\n\n/// claim | wait\n    alt: A bar.\n    folded: true\n///\n"


@pytest.fixture
def site(tmp_path):
    return Site(tmp_path)


def test_a_line_opens_to_the_whole_card_and_the_card_stands_in_evidence(site):
    page = rendered(site, LINE + CARD)
    line, fold = page.select_one("details.result"), page.select_one("details.claim-fold")
    assert line.summary.get_text(" ", strip=True) == (
        "Measured: it waits 61.2% of its time. holds on the one host measured"
    )
    assert fold.summary.get_text(" ", strip=True) == "Waiting dominates holds on the one host measured"
    # One name: a browser keeps one of the two open, and nobody is read the card twice.
    assert line["name"] == fold["name"] == "claim-wait"
    text = fold.select_one(".claim").get_text(" ")
    for part in ("60.1 to 62.4%", "A processor, 2 cores", "make experiments EXP=01", "ttft.json", "report it wrong"):
        assert part in text
    # The rest of the card is put there by a script: the page holds it once.
    short = line.select_one(".claim")
    assert "60.1 to 62.4%" in short.text and short.select("img, table, dl, details") == []
    assert short.select_one(".claim-all a")["href"] == "#claim-wait"


def test_the_address_of_a_folded_card_is_inside_the_fold_so_that_a_link_opens_it(site):
    page = rendered(site, LINE + CARD)
    assert page.select_one("#claim-wait").parent is page.select_one("details.claim-fold")
    assert page.select_one("details.result").select_one("#claim-wait") is None
    assert page.select_one("details.result .claim a")["href"] == "#claim-wait"
    html_checks.check(str(page), "docs/x.md")


def test_a_line_holds_no_link_that_the_fold_would_swallow(site):
    summary = rendered(site, LINE + CARD).select_one("details.result > summary")
    assert summary.a is None and summary.select_one("span.value").text == "61.2%"
    refused(site, "/// result | wait\nSee [there](https://example.org).\n///\n" + CARD, "holds a link")


def test_several_hosts_are_counted_in_words(site):
    site.save_claims([on_hosts(site, [True, False, True], [share(61), share(58), share(66)])])
    page = rendered(site, LINE + "So {{mark:wait}}.\n" + CARD)
    assert page.select_one("summary .claim-verdict").text == "holds on 2 of 3 hosts"
    sign = page.select_one("a.claim-mark")
    assert (sign.text, sign["data-holds"], sign["href"]) == (
        "holds on 2 of 3 hosts",
        "some",
        "../../posts/01-one-request/#claim-wait",
    )


def test_elsewhere_a_line_leads_to_the_card(site):
    rendered(site, LINE + CARD)
    page = rendered(site, LINE, page="index.md")
    line = page.select_one("p.result")
    assert page.details is None and line.select_one("a.result-verdict")["href"] == "./posts/01-one-request/#claim-wait"
    assert line.select_one("a.value") is not None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (LINE.replace("it waits", " ".join(["so"] * 21)) + CARD, "has 26 words; say it in 25"),
        (LINE.replace("{{wait.share}}", "{{wait.share.ci}}") + CARD, "is an interval"),
        (LINE.replace("{{wait.share}}", "{{mark:wait}}") + CARD, "is a sign"),
        ("/// result | wait\n///\n" + CARD, "says nothing"),
        ("/// result | weight\nSo.\n///\n", "claim weight"),
        ("So {{mark:weight}}.\n", "claim weight"),
        (LINE, "its card is on no page"),
        (LINE + LINE + CARD, "stands on lines 1 and 4; keep one"),
        (LINE + CARD.replace("    folded: true\n", ""), "add 'folded: true' to claim 'wait'"),
        (CARD.replace("true", "perhaps"), "option 'folded'"),
    ],
)
def test_what_is_wrong_is_a_line(site, text, said):
    refused(site, text, said)


def test_a_line_has_twenty_five_words_at_most_marks_and_link_targets_not_counted(site):
    words = " ".join(["so"] * 22) + " 16 tokens{fixed: the default size} {{wait.share}}"
    assert rendered(site, f"/// result | wait\n{words}\n///\n{CARD}").select_one("details.result")


def test_folded_cards_stand_in_the_order_of_the_lines(site):
    site.save_claims([site.claim, site.changed_claim(id="other", figure=None)])
    lines = LINE + "\n" + LINE.replace("wait", "other").replace("{{other.share}}", "long")
    other = "\n/// claim | other\n    folded: true\n///\n"
    assert len(rendered(site, lines + CARD + other).select("details.claim-fold")) == 2
    refused(site, lines + other + CARD, "claim 'other': its card stands where that of 'wait' belongs")


def test_the_ledger_knows_the_lines_and_the_signs(site):
    rendered(site, LINE + "So {{mark:wait}}.\n" + CARD)
    (entry,) = [each for each in ledger.entries(site_data.of(site.root)) if each["kind"] == "claim"]
    assert entry["used"] == [
        "posts/01-one-request/#claim-wait",
        "posts/01-one-request/#result-wait",
        "posts/01-one-request/",
    ]


def test_a_search_finds_the_line_and_the_card_once(site):
    seen = page_text.words(LexborHTMLParser(html_of(site, LINE + CARD)).body)
    assert seen.count("Measured: it waits 61.2% of its time.") == 1
    assert seen.count("A request waits 61.2%") == 1
