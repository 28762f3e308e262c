"""Claims, values, figures, paths, boundaries and the ledger as HTML, and each way a page can get them wrong."""

import json
import re
import urllib.parse

import markdown
import pytest
from bs4 import BeautifulSoup

from scripts.catalog import reader_texts, reviews, site_data
from scripts.common.errors import SiteError
from scripts.render.page import data_files, inline_values
from scripts.render.page.build_context import Context
from scripts.render.page.extension import PageExtension
from tests.scripts.fixtures.small_site import PAGE, SVG, Site

REPO = "https://example.org/me/site"


@pytest.fixture
def site(tmp_path):
    return Site(tmp_path)


def render(site, text=None, page="posts/01-one-request.md", manifest=True):
    """The page as a soup. Text other than the page's own is rendered without a manifest."""
    context = Context(root=site.root, repo_url=REPO)
    context.start_build()
    context.start_page(page if text is None or manifest else "posts/other.md")
    source = PAGE.split("---\n", 2)[2] if text is None else text
    html = markdown.markdown(source, extensions=["tables", PageExtension(context)])
    return BeautifulSoup(html, "html.parser")


def part(site, text):
    return render(site, text, manifest=False)


def test_a_card_says_what_the_verdict_was_given_for(site):
    assert render(site).select_one(".claim-test") is None
    site.save_claims([site.changed_claim(holds_if="the whole interval is above 50 & more")])
    assert render(site).select_one(".claim .claim-test").text == "Holds if the whole interval is above 50 & more."


def refused(site, text, *parts):
    with pytest.raises(SiteError) as caught:
        part(site, text)
    assert "\n" not in str(caught.value)
    assert "docs/posts/other.md" in str(caught.value), str(caught.value)
    for each in parts:
        assert each in str(caught.value), str(caught.value)


def test_a_card_says_everything_there_is_to_doubt(site):
    card = render(site).select_one("div.claim")
    assert card["id"] == "claim-wait"
    assert card.select_one(".claim-sentence").text == "A request waits 61.2% (60.1 to 62.4%) of its time & more."
    assert card.select_one(".claim-verdict").text == "holds"
    text = card.text
    for said in (
        "Waiting dominates",
        "A processor, 2 cores",
        "n = 40",
        "vLLM 0.32.0",
        "make experiments EXP=01",
        "2026-11-01",
    ):
        assert said in text
    links = {a.text: a["href"] for a in card.select("a")}
    assert links["Waiting dominates"] == "#claim-wait"
    assert links["ttft.json"] == "../../data/records/01/ttft.json"
    assert links["01.json"] == "../../data/claims/01.json"
    reported = urllib.parse.urlsplit(links["report it wrong"])
    assert f"{reported.scheme}://{reported.netloc}{reported.path}" == REPO + "/issues/new"
    filled = dict(urllib.parse.parse_qsl(reported.query))
    assert filled["title"].startswith("Claim wait") and filled["claim"] == "wait" and filled["template"] == "claim.yml"


def test_what_was_measured_in_this_clone_stands_beside_the_reference(site):
    assert "Here" not in [dt.text for dt in render(site).select("div.claim dt")]
    (reference,) = (site.root / "experiments/claims").glob("*.json")
    data = json.loads(reference.read_text())
    mine = next(claim for claim in data["claims"] if claim["id"] == "wait")
    mine["holds"], mine["host"]["label"] = False, "Their card"
    local = site.root / "experiments/local/claims" / reference.name
    local.parent.mkdir(parents=True)
    local.write_text(json.dumps(data))
    card = render(site).select_one("#claim-wait")
    facts = {dt.text: dt.find_next("dd").text for dt in card.select("dt")}
    assert facts["Here"].startswith("does not hold on Their card: ") and "61.2%" in facts["Here"]
    assert card.select_one(".claim-verdict").text == "holds"


def test_a_claim_that_does_not_hold_says_so(site):
    site.save_claims([site.changed_claim(holds=False)])
    verdict = part(site, "/// claim | wait\n///\n").select_one(".claim-verdict")
    assert (verdict.text, verdict["data-holds"]) == ("does not hold", "false")


def test_what_a_claim_says_is_escaped(site):
    site.save_claims([site.changed_claim(sentence="<b>{share}</b> & so", title="<i>t</i>")])
    card = part(site, "/// claim | wait\n///\n").select_one("div.claim")
    assert card.select_one("b") is None and card.select_one("i") is None
    assert card.select_one(".claim-sentence").text.startswith("<b>61.2%")


def test_a_figure_is_an_image_that_a_page_asks_for_late(site):
    picture = render(site).select_one(".claim-figure picture")
    image, phone = picture.img, picture.source
    assert image["loading"] == "lazy" and image["alt"].startswith("A request waits 61.2%")
    assert image["src"].startswith("../../assets/figures/01/wait.") and "/wait-phone." in phone["srcset"]
    assert (image["width"], image["height"], phone["width"]) == ("153", "51", "117")


def test_a_value_links_to_its_claim(site):
    soup = render(site)
    values = soup.select("p a.value")
    assert [value.text for value in values] == ["61.2%", "60.1 to 62.4%", "A processor"]
    assert values[0]["href"] == "../../posts/01-one-request/#claim-wait"
    assert values[2]["href"] == "../../data/records/01/ttft.json"


def test_values_in_code_stay_code(site):
    assert part(site, "`{{wait.share}}`").text.strip() == "{{wait.share}}"


def test_values_stand_in_tables_and_headings(site):
    soup = part(site, "# {{wait.share}}\n\n| a |\n| --- |\n| {{wait.share}} |\n")
    assert soup.h1.text == "61.2%" and soup.td.text == "61.2%"


def test_bytes_of_a_record_can_be_shown_in_larger_units(site):
    assert part(site, "{{record:01/ttft#host.memory_bytes | GiB}}").text.strip() == "8.00\u00a0GiB"
    assert part(site, "{{record:01/ttft#command}}").text.strip().startswith("python -m vllm")


def test_a_setting_s_default_is_read_and_leads_to_its_row(site):
    soup = part(site, "It is {{setting:01/pick}} by default.")
    assert soup.p.text == "It is 1 by default."
    link = soup.select_one("a.value")
    assert link["href"].endswith("posts/01-one-request/#setting-pick") and link["title"].startswith("vLLM v0.32.0: ")


@pytest.mark.parametrize(
    ("read", "shown"),
    [("0.0", "0"), ("0.92", "0.92"), ("8192", "8,192"), ("1.50", "1.5"), ("fcfs", "fcfs"), ("10", "10")],
)
def test_a_default_keeps_its_digits(read, shown):
    assert inline_values.in_prose(read) == shown


def test_marks_leave_no_trace_but_whose_number_it_is(site):
    soup = render(site)
    text = soup.text
    assert "16 tokens." in text and "{fixed" not in text and "{quoted" not in text
    assert soup.select_one("a.quoted")["href"] == "https://example.org/blog"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{{wait.shar}}", "no value 'shar'"),
        ("{{weight.share}}", "claim weight"),
        ("{{wait}}", "names no value"),
        ("{{wait.share.low}}", "'share.low'"),
        ("{{record:01/nothing#host}}", "record 01/nothing"),
        ("{{setting:01/nothing}}", "{{setting:01/nothing}}: 01 has no setting 'nothing'"),
        ("{{setting:09/pick}}", "none begins so"),
        ("{{record:01/ttft#host.gpus}}", "host.gpus"),
        ("{{record:01/ttft#host}}", "no single value"),
        ("{{record:01/ttft}}", "names no field"),
        ("{{record:01/ttft#host.cpu | GiB}}", "bytes"),
        ("3%{quoted: nobody}", "no such source"),
        ("/// claim | nothing\n///", "claim nothing"),
        ("/// claim\n///", "has no id"),
        ("/// claim | wait\n    colour: red\n///", "unknown option 'colour'"),
        ("/// claim | wait\nprose\n///", "takes no content"),
        ("/// path | nothing\n///", "path nothing"),
        ("/// boundaries | 09\n///", "experiment 09 has no recording"),
        ("/// ledger | x\n///", "takes no id"),
        ("/// figure | 01/wait.svg\nA caption.\n///", "no alt text"),
        ("/// figure | 01/wait.svg\n    alt: A bar.\n///", "no caption"),
        ("/// figure | 01/none.svg\n    alt: A bar.\nA caption.\n///", "no such figure"),
    ],
)
def test_what_a_page_gets_wrong_stops_the_build(site, text, said):
    refused(site, text, said)


def test_a_claim_has_one_place(site):
    site.write("docs/posts/02-again.md", "/// claim | wait\n///\n")
    refused(site, "/// claim | wait\n///", "docs/posts/01-one-request.md", "docs/posts/02-again.md", "one address")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("<use ", "<script>1</script><use ", "<script>"),
        ('xlink:href="#m"', 'xlink:href="http://example.org/x"', "loads nothing"),
        ("<g ", '<g onclick="x()" ', "onclick"),
        ("<defs>", "<defs><style>@import 'x'</style>", "loads something"),
        ('viewBox="0 0 90 30"', "", "viewBox"),
        ("</svg>", "", "is no SVG"),
    ],
)
def test_a_figure_loads_and_runs_nothing(site, old, new, said):
    assert old in SVG
    site.write_figure(SVG.replace(old, new))
    refused(site, "/// figure | 01/wait.svg\n    alt: A bar.\nA caption.\n///", said)


def test_a_figure_fills_values_into_its_alt_text_and_caption(site):
    soup = part(
        site, "/// figure | 01/wait.svg\n    alt: The wait is {{wait.share}}.\nWaiting is *most*: {{wait.share}}.\n///"
    )
    assert soup.img["alt"] == "The wait is 61.2%."
    assert str(soup.figcaption).startswith("<figcaption>Waiting is <em>most</em>: <a")


def test_lanes_have_a_hop_each_in_order_with_its_process_and_badges(site):
    path = render(site).select_one("div.path")
    assert [lane.text for lane in path.select(".path-lane")] == ["api-server", "engine-core", "worker"]
    hops = path.select("li.path-hop")
    assert [hop["id"] for hop in hops] == [
        f"path-chat-{name}"
        for name in ("loop", "chat", "send", "step", "forward-gpu", "layer", "forward-cpu", "answer")
    ]
    rows = [int(re.search(r"--row:(\d+)", hop["style"])[1]) for hop in hops]
    assert rows == sorted(set(rows))
    assert [hop.select_one(".path-role").text for hop in hops[1:4]] == ["api-server", "api-server", "engine-core"]
    assert "--lane:3" in hops[6]["style"]
    assert [badge.text for badge in hops[0].select(".path-badge")] == ["GPU", "CPU"]
    assert [badge.text for badge in hops[4].select(".path-badge")] == ["GPU"]
    assert hops[2].select_one(".path-crosses").text == "\N{RIGHTWARDS ARROW} engine-core: Request over ZMQ"
    assert hops[0].select_one(".path-kind").text == "standing" and hops[1].select_one(".path-kind") is None


def test_a_path_in_one_line_says_where_and_how_long(site):
    fold = part(site, "/// path | chat\n    folded: true\n///").select_one("details.path-fold")
    assert fold.summary.get_text(" ", strip=True) == "A chat request Recorded on a GPU and a CPU: 8 hops, 3 processes"
    assert fold.select_one("div.path")["id"] == "path-chat" and len(fold.select("li.path-hop")) == 8


def test_a_hop_leads_to_its_excerpt_or_to_the_pinned_line(site):
    hops = {hop["id"]: hop for hop in render(site).select("li.path-hop")}
    assert hops["path-chat-step"].a["href"] == "../../posts/01-one-request/#step"
    assert hops["path-chat-send"].a["href"] == "https://github.com/vllm-project/vllm/blob/v0.32.0/vllm/front.py#L13"


def test_where_the_configurations_part_is_said(site):
    forks = [fork.text for fork in render(site).select("li.path-fork")]
    assert forks == ["GPU and CPU part here. GPU only", "CPU instead", "GPU and CPU together again"]


def test_a_path_that_no_recording_bears_out_stops_the_build(site):
    for file in (site.root / "experiments/records/01").glob("path-vllm-cpu*"):
        file.unlink()
    refused(site, "/// path | chat\n///", "no recording for vllm-cpu", "record --configuration vllm-cpu")
    site.write("snippets/01-one-request.toml", site.manifest.replace("Core.forward_gpu", "Core.schedule"))
    with pytest.raises(SiteError, match="hop 'forward-gpu'.*not entered"):
        part(site, "/// path | chat\n///")


def test_boundaries_take_equal_messages_together(site):
    tables = part(site, "/// boundaries | 01\n///").select(".boundaries table")
    assert len(tables) == 2
    rows = [[cell.text for cell in row.select("td")] for row in tables[0].select("tbody tr")]
    assert rows == [
        ["api-server \N{RIGHTWARDS ARROW}to engine-core", "Request", "zmq", "2", "900 to 1,200"],
        ["engine-core \N{RIGHTWARDS ARROW}to not seen", "Output", "zmq", "1", "88"],
    ]
    assert "smollm2-135m" in tables[0].caption.text


def test_the_ledger_lists_everything_and_where_it_is(site):
    soup = part(site, "/// ledger\n///")
    counts = {table["data-kind"]: len(table.select("tbody tr")) for table in soup.select("table")}
    assert counts == {"excerpt": 1, "setting": 1, "hop": 8, "replay": 1, "claim": 1, "quoted": 2, "exemption": 1}
    row = soup.select_one("#ledger-hop-chat-step")
    assert row["data-state"] == "recorded"
    assert [a["href"] for a in row.select("a")] == [
        "../../reference/drift/#drift-vllm-0-33-0",
        "../../posts/01-one-request/#path-chat-step",
    ]
    assert "same vLLM 0.33.0" in row.get_text()
    assert soup.select_one(".ledger-filter").has_attr("hidden")
    confirmed = "Notes and words that a reader has confirmed: {} of 9 in post 01."
    assert soup.select_one(".ledger-reviews").get_text() == confirmed.format(0)
    reviews.confirm(["01/note/step/one"], "reader", reader_texts.of(site_data.Evidence(site.root)), site.root)
    soup = part(site, "/// ledger\n///")
    assert soup.select_one(".ledger-reviews").get_text() == confirmed.format(1)


def test_what_is_published_has_the_address_the_cards_give(site):
    places = {place: file for file, place in data_files.files(site.root)}
    assert json.loads(places["data/records/01/ttft.json"].read_text())["measurement"] == "ttft"
    for place in (
        "data/claims/01.json",
        "data/schema/record.schema.json",
        "data/records/01/path-vllm-gpu.entries.json.gz",
    ):
        assert place in places
    for link in render(site).select('a[href^="../../data/"]'):
        assert link["href"].removeprefix("../../") in places
