"""A reader's own requests as a figure: words, moments, a run that did not end, and pictures that became too many."""

import json
import re

import pytest

from scripts.common.errors import SiteError
from scripts.common.paths import ROOT
from scripts.render.blocks import play, play_words

RECORDS = {"vllm": "replay-loop", "sglang": "replay-sglang"}


@pytest.fixture
def played():
    """What `make play` would hand over for the example: the committed replays of the same requests."""
    runs, workload = [], {}
    for name in RECORDS.values():
        record = json.loads((ROOT / f"experiments/records/02/{name}.json").read_text())
        engine = {key: record["engine"][key] for key in ("name", "version")}
        runs.append({"engine": engine, "ended": "finished", "replay": record["extra"]["replay"]})
        workload = record["workload"]
    return {"format": 1, "file": "mine.toml", "workload": workload, "runs": runs}


def text(html):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


def test_every_step_says_what_each_engine_did(played):
    told = play.Played(played)
    second = text(told.why(2))
    assert "vLLM 0.32.0 r3 is admitted and gets 62 tokens; a token each for r1, r2; r4 waits" in second
    assert "SGLang 0.5.21 r3 is admitted and gets 64 tokens; no token for r1, r2: the batch is of prompts" in second
    last = max(run.last for run in told.runs)
    assert "vLLM 0.32.0 ended in step 26." in text(told.why(last))
    for n in range(last + 1):
        assert "{" not in told.says(n)


def test_the_figure_asks_nothing_and_its_steps_lie_beside_it(played):
    told = play.Played(played)
    figure = told.figure("", "both")
    assert figure.startswith('<figure class="replay compare is-open"') and "cp-ask" not in figure
    place, document = told.data()
    assert f'data-src="{place}"' in figure
    assert len(json.loads(document)["steps"]) == told.last + 1 == 35
    assert told.cut is None


def test_moments_are_found_by_what_happens_first(played):
    told = play.Played(played)
    marks = {mark.id: (mark.step, mark.text) for mark in told.compare.marks}
    assert marks["first-preempted"][0] == 7 and "r6 loses its own" in marks["first-preempted"][1]
    assert marks["first-refused"][0] == 5 and marks["first-refused"][1].startswith("SGLang 0.5.21: r5 would fit")
    assert marks["the-end"][0] == 34
    steps = [mark.step for mark in told.compare.marks]
    assert steps == sorted(set(steps)) and len(steps) <= play_words.MOST_MARKS


def test_one_that_would_not_fit_anyway_is_not_said_to_be_kept_out_by_answers(played):
    for step in played["runs"][1]["replay"]["steps"]:
        for event in step["events"]:
            if event["event"] == "refused":
                event["args"]["wants"] = 900
    marks = {mark.id: mark.text for mark in play.Played(played).compare.marks}
    assert marks["first-refused"].startswith("SGLang 0.5.21: the pool has too little left for r5.")


def test_a_run_that_was_stopped_says_so(played):
    played["runs"][0]["ended"] = "limit"
    played["runs"][0]["replay"]["steps"] = played["runs"][0]["replay"]["steps"][:8]
    told = play.Played(played)
    assert "was stopped after step 7" in text(told.why(20))
    assert "vLLM 0.32.0 was stopped after step 7. SGLang 0.5.21 is done after step 34." in told.compare.marks[-1].text
    assert play_words.ending(told.runs[0], "finished") == ""
    assert "r1, r2, r3, r4, r5, r6, r7, r8 are not finished" in play_words.ending(told.runs[0], "limit")
    assert "r6, r7 would wait for ever" in play_words.ending(told.runs[0], "stuck")


def test_too_many_pictures_are_cut_and_the_marks_with_them(played, monkeypatch):
    monkeypatch.setattr(play, "MOST", 60_000)
    told = play.Played(played)
    assert told.cut == told.last < 34
    assert max(mark.step for mark in told.compare.marks) <= told.last
    assert f'max="{told.last}"' in told.figure("", "both")


def test_the_summary_has_each_requests_first_and_last_token(played):
    rows = {row["name"]: row for row in play.summary(played)}
    assert rows["r1"]["runs"][0] == {"first": 1, "last": 22, "lost": 0}
    assert rows["r6"]["runs"][0]["lost"] == 1 and rows["r6"]["runs"][1]["lost"] == 0
    assert (rows["r6"]["prompt"], rows["r6"]["answer"], rows["r6"]["arrives"]) == (40, 12, 5)


def test_what_is_no_pair_of_runs_is_refused(played):
    del played["runs"][1]
    with pytest.raises(SiteError, match="mine.toml: 1 runs in place of two"):
        play.runs(played)


def test_there_are_words_for_every_event_of_both_workers():
    for script in ("vllm_loop.py", "sglang_loop_replay.py"):
        source = (ROOT / "experiments/lab/workers" / script).read_text()
        names = set(re.findall(r'event\("(\w+)"', source)) | {"admit", "hit", "resume"}
        assert names - {"full"} <= set(play_words.SAID)
