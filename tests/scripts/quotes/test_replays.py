"""Replays: what a record or a manifest gets wrong is one line that says so, and drawings hold what a state says."""

import io
import json
import re
from types import SimpleNamespace

import markdown
import pytest
from bs4 import BeautifulSoup

from scripts.build import verify
from scripts.catalog import ledger, site_data
from scripts.common.errors import SiteError
from scripts.common.paths import ROOT
from scripts.render.blocks import replay, replay_slots
from scripts.render.page.build_context import Context
from scripts.render.page.extension import PageExtension
from tests.scripts.fixtures.small_replays import BLOCK, RAN, TABLES, add
from tests.scripts.fixtures.small_site import CORE, PAGE, Site
from tests.scripts.render.test_measured_blocks import render

TEXT = PAGE.split("---\n", 2)[2] + BLOCK
FILE = "snippets/01-one-request.toml"
RECORD = "experiments/records/01/replay-few.json"


@pytest.fixture
def site(tmp_path):
    return Site(tmp_path)


def figure(site, kind="scheduler", **how):
    add(site, kind, **how)
    return render(site, TEXT).select_one("figure.replay")


def refused(site, *said, kind="scheduler", **how):
    """The line that stops the build: it names the manifest or page, the id, and what is wrong."""
    add(site, kind, **how)
    with pytest.raises(SiteError) as caught:
        render(site, TEXT)
    line = str(caught.value)
    assert "\n" not in line and "replay 'few'" in line, line
    for part in said:
        assert part in line, line


def steps(made):
    return made["steps"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda made: made.update(kind="loop"), "kind 'loop'; this page knows format 1 of the kinds scheduler, blocks"),
        (lambda made: made.update(format=2), "is of format 2"),
        (lambda made: steps(made).pop(1), "step 1 is missing, step 2 stands in its place"),
        (lambda made: steps(made).insert(1, steps(made).pop(2)), "step 1 is out of order"),
        (lambda made: steps(made).clear(), "holds fewer than two steps"),
        (lambda made: steps(made)[1]["state"].pop("waiting"), "of the kind scheduler, has no 'waiting'"),
        (lambda made: steps(made)[2]["events"].append({"event": "split"}), "step 2 of {record} has the event 'split'"),
        (lambda made: [step["events"].clear() for step in steps(made)], "because 'arrive': no step of {record} has"),
        (lambda made: steps(made)[2].update(ran={f"{CORE}::Core.step": [6]}), "vllm/core.py:7 did not run in step 2"),
        (lambda made: steps(made)[2].update(ran={"vllm/front.py::chat": [7]}), "vllm/core.py:7 did not run in step 2"),
        (lambda made: made["files"].update({CORE: "0" * 64}), "vllm/core.py was run as another file than that of vLLM"),
        (lambda made: made["files"].clear(), "vllm/core.py was not watched"),
        (
            lambda made: steps(made)[1]["events"][0]["args"].clear(),
            "its text asks for {{tokens}}, which the event in step 1",
        ),
    ],
)
def test_a_record_that_does_not_fit_stops_the_build(site, change, said):
    refused(site, said.format(record=RECORD), change=change)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('record = "01/replay-few"', 'record = "01/other"', "there is no experiments/records/01/other.json"),
        ('record = "01/replay-few"', 'record = "01/ttft"', "experiments/records/01/ttft.json: holds no replay"),
        ('event = "leave"', 'event = "arrive"', "because 'arrive': the event has two"),
        ('excerpt = "step"', 'excerpt = "none"', "excerpt 'none' is not defined"),
        ('at = "return self.schedule()"', 'at = "self"', "'self' stands there 2 times (lines 6, 7)"),
        ('at = "return self.schedule()"', 'at = "def step"', "vllm/core.py:6 did not run in step 1"),
        ("step = 2", "step = 3", "mark 'gone': there is no step 3 in experiments/records/01/replay-few.json"),
        ("step = 2", "step = 1", "mark 'gone': mark 'here' of step 1 marks step 1 too"),
        ('id = "gone"', 'id = "here"', "mark 'here': mark 'here' of step 1 is called so too"),
        ("{blocks}", "{pages}", "its text asks for {pages}, which the event in step 2 of"),
        ('title = "A few steps & a line"\n', "", "'title' is missing"),
        ('text = "It is gone."', 'text = ""', "'text' must be text"),
    ],
)
def test_a_manifest_that_does_not_fit_stops_the_build(site, old, new, said):
    assert old in TABLES
    refused(site, said, tables=TABLES.replace(old, new))


def test_a_replay_without_a_marked_moment_is_refused(site):
    bare = TABLES.partition("[[replay.mark]]")[0].replace("[[replay.because]]", "mark = []\n[[replay.because]]", 1)
    refused(site, "marks no moment", tables=bare)


def test_a_record_of_another_release_is_refused(site):
    add(site)
    file = site.root / RECORD
    file.write_text(file.read_text().replace("0.32.0", "0.31.0"))
    site.list_files(file)
    with pytest.raises(SiteError, match="replay-few.json: measured on vllm 0.31.0, the pages quote 0.32.0"):
        render(site, TEXT)


def test_a_replay_stands_on_its_page_once_and_must_be_used(site):
    add(site)
    with pytest.raises(SiteError, match=f"{FILE}: replay 'few': is not used on docs/posts/01-one-request.md; write"):
        render(site)
    with pytest.raises(SiteError, match="replay 'few': is shown twice; link to #replay-few"):
        render(site, TEXT + BLOCK)
    with pytest.raises(SiteError, match="replay 'other': is not defined; add it to .* use one of few"):
        render(site, TEXT.replace("/// replay | few", "/// replay | other"))


def test_verify_and_the_ledger_know_it(site):
    add(site)
    out = io.StringIO()
    only = {"replays": verify.check_replays}
    assert verify.verify(site.root, out, only) == 1 and "is not used on any page" in out.getvalue()
    site.write("docs/posts/01-one-request.md", PAGE + BLOCK)
    out = io.StringIO()
    assert verify.verify(site.root, out, only) == 0 and "1 replays of 3 steps" in out.getvalue()
    (entry,) = [each for each in ledger.document(site_data.of(site.root))["entries"] if each["kind"] == "replay"]
    assert entry["state"] == "recorded" and entry["used"] == ["posts/01-one-request/#replay-few"]
    add(site, change=lambda made: made["steps"].pop(1))
    assert any("step 1 is missing" in line for line in ledger.problems(ledger.entries(site_data.of(site.root))))


def test_the_page_has_the_moments_and_names_the_lines(site):
    found = figure(site)
    assert found["id"] == "replay-few" and found["data-src"] == "../../data/replays/01-few.json"
    moments = found.select("ol.rp-moments > li")
    assert [moment["id"] for moment in moments] == ["replay-few-here", "replay-few-gone"]
    assert moments[0].select_one(".rp-mark").decode_contents() == "The first is <code>here</code>."
    (reason,) = moments[0].select(".rp-why > li")
    assert str(reason).startswith("<li>r1 <em>arrives</em> with 1,200 <a")
    link = reason.a
    assert link["href"] == "#step-L7" and link.text == "core.py:7 return self.schedule()"
    assert moments[1].select(".rp-why > li")[0].text.startswith("r1, r2 leaves 1, 2 ")
    assert [a["href"] for a in found.select(".rp-jump a")] == ["#replay-few-here", "#replay-few-gone"]
    assert found.select_one("figcaption a[href$='data/records/01/replay-few.json']")
    assert all(found.select(f".rp-player [data-do={do}]") for do in ("first", "back", "play", "next"))


def document(site, kind="scheduler"):
    add(site, kind)
    context = Context(root=site.root)
    context.start_build()
    context.start_page("posts/01-one-request.md")
    markdown.markdown(TEXT, extensions=["tables", PageExtension(context)])
    ((place, text),) = context.replay_data.items()
    assert place == "data/replays/01-few.json"
    return json.loads(text)


def test_the_data_beside_the_page_has_every_step_and_no_more_than_is_shown(site):
    made = document(site)
    assert [step.get("mark") for step in made["steps"]] == [None, "here", "gone"]
    assert made["steps"][2]["lines"] == ["step-L7"]
    assert made["steps"][2]["says"] == "r1, r2 leaves 1, 2; r1 arrives with 1,200"
    assert "ran" not in made["steps"][1] and str(next(iter(RAN))) not in json.dumps(made)


def frame(site, kind):
    return BeautifulSoup(document(site, kind)["steps"][1]["frame"], "html.parser")


def test_a_scheduler_s_frame(site):
    soup = frame(site, "scheduler")
    parts = [
        (part.get_text(" ", strip=True), re.search(r"flex-grow:(\d+)", part["style"])[1])
        for part in soup.select(".rp-part")
    ]
    assert parts == [("r1 40", "40"), ("r2 1", "1"), ("not used 23", "23")]
    queues = [
        [chip.get_text(" ", strip=True) for chip in queue.select(".rp-chip")] for queue in soup.select(".rp-queue")
    ]
    assert queues == [["r<3> preempted"], ["r1 +40", "r2 +1"], []]
    rows = soup.select(".rp-row")
    assert [row.select_one(".rp-text").text for row in rows] == [
        "decode, 40 of 41",
        "prefill, 10 of 20",
        "waits, computed 0 again",
    ]
    assert [cell.text for cell in rows[1].select(".rp-cell")] == ["1", "3"]
    pool = soup.select(".rp-pool > li")
    assert [cell["data-v"] for cell in pool] == ["r1, r2", "r1", "r2", "free"]
    assert "is-shared" in pool[0]["class"]


def test_a_pool_s_frame(site):
    soup = frame(site, "blocks")
    blocks = [block.get_text(" ", strip=True) for block in soup.select(".rp-block")]
    assert blocks == ["1 r1, r2 2 users a.0", "2 r1 1 user no hash", "3 free 0 users no hash", "4 free 0 users a.0"]
    assert "--f:31.2%" in soup.select(".rp-block")[1]["style"]
    assert [cell.get_text(" ") for cell in soup.select(".rp-free > li")] == ["3", "4 a.0"]
    tables = [[cell.text for cell in row.select(".rp-cell")] for row in soup.select(".rp-tables > li")]
    assert tables == [["1", "2"], ["1"]]
    keys = [each["data-k"] for each in soup.select("[data-k]")]
    assert len(keys) == len(set(keys)), "two things of one name would both move to one place"


def test_a_tree_s_frame(site):
    soup = frame(site, "tree")
    parts = [part.get_text(" ", strip=True) for part in soup.select(".rp-part")]
    assert parts == ["locked 9", "evictable 3", "outside the tree 8", "free 20"]
    first = soup.select_one(".rp-tree > li > ul > li")
    assert first.select_one(".rp-node").get_text(" ", strip=True) == "1 You & me 9 tokens lock 1 last use 1"
    assert first.ul.select_one(".rp-node").get_text(" ", strip=True) == "2 alone 3 tokens evictable last use 2"


@pytest.mark.parametrize("kind", ["scheduler", "slots", "blocks", "tree"])
def test_keys_are_unique_in_every_frame(site, kind):
    for step in document(site, kind)["steps"]:
        keys = re.findall(r'data-k="([^"]+)"', step["frame"])
        assert len(keys) == len(set(keys))


def test_the_script_is_small():
    assert (ROOT / "docs/assets/js/blocks/replay.js").stat().st_size < 30_000
    assert {do for _, do, _ in replay.BUTTONS} == {"first", "back", "play", "next"}


def test_slots_are_divided_among_requests_answers_to_come_and_what_is_left(site):
    made = frame(site, "slots")
    pool = made.select(".rp-bar")[1]
    parts = [part.get_text(" ", strip=True) for part in pool.select("li")]
    assert parts == ["r1 20", "kept 5.6", "left 14.4"]
    assert "A batch of prompts, chunk size" in made.text and made.select_one(".rp-out").text == "retracted"
    assert "fewer than 14.4: 15 empty and 5 of the tree" in made.text
    assert not made.select(".rp-table")


def slots(**state):
    """The words below the slots of a state of SGLang's scheduler."""
    given = {
        "budget": {"total": 64, "given": {"r1": 1}},
        "mode": "decode",
        "full": False,
        "running": [],
        "slots": 40,
        "held": {"r1": 20},
        "kept": 5,
        "free": 15,
        "reserved": 5.6,
    }
    drawn = SimpleNamespace(style=lambda *_: "", queues=lambda *_: "", progress=lambda _: "")
    return BeautifulSoup(replay_slots.slots(drawn, {**given, **state}), "html.parser").select(".rp-label")[-1].text


@pytest.mark.parametrize(
    ("full", "mode", "begins"),
    [(True, "decode", "The flag"), (True, "mixed", "In the next step"), (False, "decode", "In the next step")],
)
def test_where_no_waiting_prompt_is_tried_the_slots_say_so(full, mode, begins):
    """Once they said what a prompt may ask for in the next step, in which none was asked."""
    said = slots(full=full, mode=mode)
    assert said.startswith(begins) and "fewer than 14.4" in said and "twice" not in said


def test_a_half_computed_prompt_may_give_slots_back_before_the_next_is_tried():
    """In the recorded run with mixed chunks 21 slots came back, and the number was too small by them."""
    assert "holds twice" in slots(running=[{"id": "r6", "computed": 21, "known": 40, "phase": "prefill"}])


def test_a_replay_opens_at_the_step_that_the_page_names(site):
    add(site)
    made = render(site, TEXT.replace("    alt: Queues", "    open: 2\n    alt: Queues")).select_one("figure.replay")
    assert made.select_one("input[type=range]")["value"] == "2" and made.select_one(".rp-count").text == "step 2 of 2"
    with pytest.raises(SiteError, match="there is no step 3, the last is 2"):
        render(site, TEXT.replace("    alt: Queues", "    open: 3\n    alt: Queues"))
