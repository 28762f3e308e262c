"""A card of several hosts: a mark each, drawn values, what to expect elsewhere, the table of values and hosts."""

import json
import re
import urllib.parse

import markdown
import pytest
from bs4 import BeautifulSoup

from scripts.render.page import data_files
from scripts.render.page.build_context import Context
from scripts.render.page.extension import PageExtension
from tests.scripts.fixtures.several_hosts import IDS, on_hosts, share
from tests.scripts.fixtures.small_site import Site

RANGE = {"share": {"low": 55.04, "high": 70, "kind": "ratio-gpu"}}
OPENS = "Values, samples and how to repeat"
VALUES = [share(61.238), share(58.0), share(66.66)]


@pytest.fixture
def site(tmp_path):
    return Site(tmp_path)


def card(site, *arguments, **changed):
    site.save_claims([on_hosts(site, *arguments, **changed)])
    return part(site, "/// claim | wait\n///\n").select_one("div.claim")


def part(site, text):
    context = Context(root=site.root, repo_url="https://example.org/me/site")
    context.start_build()
    context.start_page("posts/other.md")
    return BeautifulSoup(markdown.markdown(text, extensions=[PageExtension(context)]), "html.parser")


def many(names="abcd", values=VALUES):
    return [dict.fromkeys(names, one["share"]) for one in values]


def test_one_mark_a_host_and_the_verdict_of_all(site):
    shown = card(site, [True, False, True], VALUES, range=RANGE)
    head = shown.select_one(".claim-head .claim-verdict")
    assert (head.text, head["data-holds"], shown["data-holds"]) == ("holds on 2 of 3", "some", "some")
    marks = [(" ".join(mark.text.split()), mark.span["data-holds"]) for mark in shown.select(".claim-marks li")]
    assert marks == [("holds H200 0123", "true"), ("does not hold H200 a639", "false"), ("holds H200 b53a", "true")]
    assert shown.select(".claim-marks a") == []
    assert shown.summary.text == f"{OPENS} · NVIDIA H200, driver 580.1, and 2 other hosts, n = 40"


def test_marks_lead_to_the_hosts_page_where_there_is_one(site):
    site.write("docs/reference/hosts.md", "# Hosts\n")
    links = [link["href"] for link in card(site, [True, True]).select(".claim-marks a")]
    assert links == [f"../../reference/hosts/#host-{each}" for each in IDS[:2]]


def test_few_values_are_drawn_with_what_to_expect(site):
    plot = card(site, [True, False, True], VALUES, range=RANGE).select_one(".claim-plot")
    assert plot.caption.text.strip() == "share: on another H200 expect 55.0 to 70.0%"
    rows = plot.select("tr")
    assert [[cell.text for cell in row.select("th, td:last-child")] for row in rows] == [
        ["0123", "61.2% (60.2 to 62.2%)"],
        ["a639", "58.0% (57.0 to 59.0%)"],
        ["b53a", "66.7% (65.7 to 67.7%)"],
    ]
    assert rows[0].svg["aria-hidden"] == "true"  # what it draws stands in words in its cell and in the caption
    assert [bool(row.select(".hole")) for row in rows] == [False, True, False]
    places = [int(re.fullmatch(r"M(\d+),8h0", row.select_one(".dot")["d"])[1]) for row in rows]
    assert places[1] < places[0] < places[2]
    assert {row.select_one(".band")["d"] for row in rows} == {"M30,0H970V16H30"}


def test_a_sentence_says_whose_values_it_gives_where_hosts_are_several(site):
    def said(*arguments, **changed):
        return card(site, *arguments, **changed).select_one(".claim-sentence").text

    assert said([True] * 3, VALUES, sentence="It is {share}.").endswith(" Values of H200 0123.")
    assert "Values of" not in said([True], VALUES[:1], sentence="It is {share}.")
    assert "Values of" not in said([True] * 3, VALUES, sentence="On the first host it is {share}.")
    assert "Values of" not in said([True] * 3, VALUES, sentence="It is so.")


def test_without_a_range_there_is_no_band_and_no_promise(site):
    shown = card(site, [True, True], VALUES[:2])
    assert shown.select_one(".band") is None and "expect" not in shown.text
    assert len(shown.select(".claim-plot tr")) == 2


def test_what_is_exactly_alike_on_every_host_is_one_line(site):
    values = [{"share": {"value": 26, "unit": "count"}}] * 2
    shown = card(site, [True, True], values)
    assert shown.select_one(".claim-plot") is None
    assert shown.select_one(".claim-alike").text == "share: 26 on 2 hosts"
    point = {"share": {"low": 26.000000000000004, "high": 26.000000000000004, "kind": "count"}}
    sure = card(site, [True, True], values, range=point)
    assert sure.select_one(".claim-alike").text == "share: 26 on 2 hosts; on another H200 expect 26"
    apart = card(site, [True, True], [values[0], {"share": {"value": 27, "unit": "count"}}])
    assert apart.select_one(".claim-alike") is None and len(apart.select(".dot")) == 2


def test_a_truth_has_no_place_on_a_scale_and_a_value_may_be_missing_on_a_host(site):
    values = [{"share": {"value": True, "unit": "bool"}}, {"share": {"value": False, "unit": "bool"}}, {}]
    shown = card(site, [True, True, False], values)
    assert shown.select("svg.claim-row") == []
    assert [row.select("td")[-1].text for row in shown.select(".claim-plot tr")] == ["yes", "no", "not there"]


def test_many_values_are_a_folded_table_of_values_and_hosts(site):
    ranges = {"a": RANGE["share"]}
    shown = card(site, [True] * 3, many(), sentence="It is {a}.", range=ranges)
    assert shown.select_one(".claim-drawn") is None
    fold = shown.select_one("details.claim-by-host")
    assert fold.summary.text.strip() == "4 values on 3 hosts, and what to expect on another H200"
    assert [head.text for head in fold.select("thead th")] == [
        "name",
        "H200 0123",
        "H200 a639",
        "H200 b53a",
        "expect on another H200",
        "n",
    ]
    assert [cell.text for cell in fold.select("tbody tr")[0].select("th, td")] == [
        "a",
        "61.2% (60.2 to 62.2%)",
        "58.0% (57.0 to 59.0%)",
        "66.7% (65.7 to 67.7%)",
        "55.0 to 70.0%",
        "40",
    ]
    assert fold.select("tbody tr")[1].select("td")[3].text == ""
    assert len(shown.select("table.claim-values")) == 1
    assert fold.select_one(".claim-table")["tabindex"] == "0"


def test_of_many_values_those_are_drawn_that_the_verdict_rests_on(site):
    test = {"all": [{"is": "above", "limit": {"sum": {"b": 2}}, "of": ["c"], "by": "interval"}]}
    shown = card(site, [True] * 3, many("abcde"), sentence="It is {a}.", predicate={"test": test})
    assert [plot.caption.text.strip() for plot in shown.select(".claim-plot")] == ["b", "c"]
    assert shown.select_one("details.claim-by-host")
    test["all"].append({"is": "above", "limit": 1, "of": ["a", "d"], "by": "value"})
    shown = card(site, [True] * 3, many("abcde"), sentence="It is {a}.", predicate={"test": test})
    assert shown.select(".claim-plot") == []


def test_every_host_has_its_raw_data_and_what_is_linked_is_published(site):
    shown = card(site, [True, False], VALUES[:2])
    facts = {name.text: name.find_next("dd") for name in shown.select("dt")}
    links = [link["href"].removeprefix("../../") for link in facts["Raw data"].select("a")]
    assert links == ["data/records/01/ttft.json", f"data/hosts/{IDS[1]}/01/ttft.json", "data/claims/01.json"]
    assert set(links) <= {place for _, place in data_files.files(site.root)}
    assert facts["Measured"].text == (
        f"2026-11-01, GPU: NVIDIA H200, driver 580.1 (host {IDS[0]})"
        f"2026-11-02, NVIDIA H200, driver 580.1 (host {IDS[1]})"
    )
    report = next(link["href"] for link in shown.select("a.claim-report") if link.text == "report it wrong")
    assert "claim=wait" in urllib.parse.unquote_plus(report)


def test_a_claim_of_one_host_says_that_it_is_of_one(site):
    shown = card(site, [True])
    assert shown.select_one(".claim-marks") is None and shown.select_one(".claim-plot") is None
    assert shown.summary.text == f"{OPENS} · NVIDIA H200, driver 580.1, measured on one host, n = 40"
    ranged = card(site, [True], range=RANGE)
    assert len(ranged.select(".claim-marks li")) == 1 and "expect 55.0 to 70.0%" in ranged.text


def test_what_was_measured_in_this_clone_lies_in_the_range_or_outside(site):
    for value, place in ((60.0, "in range"), (80.0, "outside")):
        shown = on_hosts(site, [True, True], VALUES[:2], range=RANGE)
        local = site.changed_claim(values=share(value))
        site.write(
            "experiments/local/claims/01.json",
            json.dumps({"schema": "claims/2", "experiment": "01", "claims": [local]}),
        )
        site.save_claims([shown])
        text = part(site, "/// claim | wait\n///\n").text
        assert f"{value:.1f}% ({value - 1:.1f} to {value + 1:.1f}%), {place}" in text


def test_prose_may_name_range_and_hosts(site):
    site.save_claims([on_hosts(site, [True, False, True], VALUES, range=RANGE)])
    soup = part(site, "{{wait.share.range}}, {{wait.share.hosts}} on {{wait.hosts}}, holds on {{wait.holds_on}}.")
    assert soup.p.text == "55.0 to 70.0%, 61.2, 58.0 and 66.7% on 3 hosts, holds on 2 of 3 hosts."
    assert soup.a["title"].endswith("holds on 2 of 3, NVIDIA H200, driver 580.1, and 2 other hosts")


def test_the_ledger_says_on_how_many_hosts(site):
    site.save_claims([on_hosts(site, [True, False, True], VALUES)])
    row = part(site, "/// ledger\n///").select_one("#ledger-claim-wait")
    assert row["data-state"] == "holds on 2 of 3" and "and 2 other hosts" in row.text
    site.save_claims([on_hosts(site, [True, True], VALUES[:2])])
    row = part(site, "/// ledger\n///").select_one("#ledger-claim-wait")
    assert row["data-state"] == "holds" and row.small and "2 hosts" in row.select("td")[0].text


def test_what_nobody_can_say_of_another_host_is_said_to_be_not_known(site):
    kinds = {"share": {"kind": "ratio", "set_by": "gpu"}}
    plot = card(site, [True, False, True], VALUES, kinds=kinds).select_one(".claim-plot")
    assert " ".join(plot.caption.text.split()) == "share: what to expect on another H200 is not known"
    assert plot.select(".band") == []
    nearly = [{"share": {"value": 100 - each / 1e8, "unit": "%", "digits": 3}} for each in range(2)]
    alike = card(site, [True, True], nearly, kinds=kinds)
    line = "share: 100% on 2 hosts; what to expect on another H200 is not known"
    assert " ".join(alike.select_one(".claim-alike").text.split()) == line and alike.select(".claim-plot") == []
    lab = {"share": {"kind": "lab", "set_by": "lab"}}
    assert "expect" not in card(site, [True, False, True], VALUES, kinds=lab).text
    assert "expect" not in card(site, [True], [share(61.238)], kinds=kinds).text  # of one host there is nothing to say


def test_a_value_goes_by_its_label_on_the_card(site):
    site.write("snippets/labels.toml", '[wait]\nshare = "waiting, of the first token"\n')
    shown = card(site, [True, False, True], VALUES, range=RANGE)
    assert shown.select_one(".claim-plot caption").text.strip().startswith("waiting, of the first token: on another")
    assert shown.select_one(".claim-values tbody th").text == "waiting, of the first token"
