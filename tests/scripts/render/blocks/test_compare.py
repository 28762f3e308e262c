"""`/// compare`: a question, its answer folded, both runs at the marked moments, and in words where they differ."""

import json

import pytest
from bs4 import BeautifulSoup

from scripts.catalog import site_data
from scripts.common.errors import SiteError
from scripts.quotes import compares, manifest
from scripts.quotes.recorded_steps import read
from scripts.render.blocks import compare_words
from scripts.render.blocks.compare import Told
from tests.scripts.fixtures import small_runs
from tests.scripts.fixtures.small_runs import COMPARE
from tests.scripts.fixtures.small_site import PAGE, Site
from tests.scripts.quotes.test_recorded_steps import Stored
from tests.scripts.render.test_measured_blocks import render

TEXT = PAGE.split("---\n", 2)[2] + "\n/// compare | half\n    alt: Two runs.\n///\n"


def sooner(run):
    """The second run: b waits at step 2, and the run is over a step later."""
    run["setup"].update(budget=16)
    step = run["steps"][2]
    step["state"] |= {"waiting": ["b"], "running": step["state"]["running"][:1], "tables": {"a": [1, 2]}, "free": 2}
    step["state"]["budget"]["given"].pop("b")


@pytest.fixture
def site(tmp_path):
    made = Site(tmp_path)
    small_runs.add(made, "run-a")
    small_runs.add(made, "run-b", change=sooner)
    made.write("snippets/01-one-request.toml", made.manifest + COMPARE)
    return made


def test_the_question_stands_before_its_folded_answer_and_both_moments(site):
    figure = render(site, TEXT).select_one("figure.replay.compare")
    assert figure["id"] == "compare-half" and figure.select_one(".cp-question").text == "When?"
    assert [button.text for button in figure.select("[data-answer]")] == ["sooner", "later", "just show it"]
    assert figure.select_one(".cp-ask")["data-right"] == "1"
    answer = figure.select_one("details.cp-answer")
    assert not answer.has_attr("open") and answer.p.get_text(" ", strip=True) == "later. It is so."
    assert figure.select_one(".cp-setting code").text == "--budget"
    moments = figure.select(".rp-moments > li")
    assert [moment["id"] for moment in moments] == ["compare-half-both", "compare-half-end"]
    assert [side.text for side in moments[0].select(".cp-label")] == ["budget 8", "budget 16"]
    assert len(moments[0].select(".rp-state")) >= 4 and moments[0].select(".rp-stage") == []
    assert figure.select_one("input[type=range]")["value"] == "2"
    ids = [element["id"] for element in figure.select("[id]")]
    assert len(set(ids)) == len(ids)


def test_differences_are_rows_and_are_marked_in_the_pictures(site):
    figure = render(site, TEXT).select_one("figure.compare")
    rows = [[cell.text for cell in row.select("th, td")] for row in figure.select_one(".rp-moments table").select("tr")]
    assert rows == [
        ["differs", "budget 8", "budget 16"],
        ["b", "2 prompt tokens, 2 found", "waits"],
        ["tokens in the step", "3", "1"],
        ["free blocks", "1", "2"],
    ]
    checked = small_runs_checked(site)
    first = BeautifulSoup("".join(Told(checked, ["vLLM 0.32.0"] * 2).pictures(2)), "html.parser")
    assert {row.select_one(".rp-name").text for row in first.select(".rp-row.is-marked")} == {"b"}


def test_what_the_question_hides_is_drawn_once_it_is_answered(site):
    player = render(site, TEXT).select_one("figure.compare .rp-player")
    assert [stage.text for stage in player.select(".rp-stage")] == ["", ""] and player.select_one(".rp-said").text == ""


def small_runs_checked(site):
    read_manifest = manifest.parse(COMPARE, "snippets/01-one-request.toml")
    records = [site_data.of(site.root).record(name) for name in ("01/run-a", "01/run-b")]
    return compares.check(compares.parse(read_manifest)["half"], *records)


def test_the_document_has_every_step_of_both(site):
    checked = small_runs_checked(site)
    document = json.loads(Told(checked, ["vLLM 0.32.0"] * 2).document())
    assert [len(step["frames"]) for step in document["steps"]] == [2] * 4
    assert document["steps"][2]["mark"] == "both" and document["steps"][1]["says"] == "no difference"
    assert document["steps"][2]["says"].startswith("b: 2 prompt tokens, 2 found with budget 8, waits with budget 16")


def test_a_run_that_is_over_stays_as_it_ended():
    one = read("01/a", Stored(small_runs.data()))
    short = small_runs.data()
    short["steps"] = short["steps"][:3]
    other = read("01/b", Stored(short))
    assert ("tokens in the step", "1", "over") in compare_words.differences(one, other, 3)
    assert compare_words.doing(one, "a", 3) == "1 answer token, finished"
    assert compare_words.doing(one, "b", 3) == "preempted"


def test_the_tokens_of_a_request_that_comes_back_are_not_all_its_prompt_s():
    data = small_runs.data()
    lost, back = data["steps"][3], json.loads(json.dumps(data["steps"][2]))
    back["state"]["budget"]["given"] = {"b": 2}
    data["steps"] += [back | {"n": 4}]
    assert "b" in lost["state"]["waiting"]
    assert compare_words.doing(read("01/a", Stored(data)), "b", 4).startswith("2 known tokens")


def test_who_is_refused_is_told_with_what_the_decision_saw():
    slots = small_runs.data("slots")
    slots["steps"][2]["state"]["waiting"] = ["b"]
    slots["steps"][2]["state"]["budget"]["given"] = {}
    slots["steps"][2]["events"] = [small_runs.event("refused", "b", wants=7, left=5.3)]
    assert compare_words.doing(read("01/b", Stored(slots)), "b", 2) == "waits: asks for 7 slots, 5.3 are left"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (TEXT.replace("compare | half", "compare | other"), "compare 'other': is not defined; add it to"),
        (TEXT + "\n/// compare | half\n///\n", "is shown twice; link to #compare-half the second time"),
        (PAGE.split("---\n", 2)[2], "compare 'half': is not used on docs/posts/01-one-request.md"),
    ],
)
def test_what_a_page_gets_wrong_is_one_line(site, text, said):
    with pytest.raises(SiteError) as caught:
        render(site, text)
    assert said in str(caught.value) and "\n" not in str(caught.value)
