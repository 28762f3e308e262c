"""`make play`: the page of a reader's own requests, its address, and the line where something is wrong."""

import json
import os
import re
import signal
import subprocess
import sys
import urllib.request

import pytest

from scripts.build import play, play_page
from scripts.common.errors import SiteError
from scripts.common.paths import ROOT
from tests.conftest import strip_tags
from tests.scripts.render.blocks.test_play import played  # noqa: F401 - a fixture

COMMAND = [sys.executable, "-m", "scripts.build.play"]


def run(*words, **more):
    return subprocess.run([*COMMAND, *words], cwd=ROOT, capture_output=True, text=True, check=False, **more)


def test_the_page_is_whole_and_loads_nothing_from_elsewhere(tmp_path, played):  # noqa: F811
    (tmp_path / "page").mkdir()
    (tmp_path / "page/old").write_text("of the last run")
    play.build(played, tmp_path / "page")
    assert [path.name for path in tmp_path.iterdir()] == ["page"] and not (tmp_path / "page/old").exists()
    html = (tmp_path / "page/index.html").read_text()
    said = strip_tags(html)
    assert "8 requests, at most 6 at once; 64 tokens a step; a pool of 18 blocks of 16 tokens" in said
    assert "26 steps; preempted: r6 in step 7, r5 in step 10, r7 in step 20" in said
    assert "34 steps; no request is retracted" in said
    loaded = re.findall(r'(?:src|data-src)="([^"]+)"|<link rel="(?:stylesheet|preload)"[^>]*href="([^"]+)"', html)
    files = [one or other for one, other in loaded]
    assert any(name.endswith("replay.js") for name in files) and any(name.endswith("compare.css") for name in files)
    for name in files:
        assert not re.match(r"(\w+:)?//", name) and (tmp_path / "page" / name).is_file(), name


def test_many_requests_and_a_cut_are_said(played, monkeypatch):  # noqa: F811
    monkeypatch.setattr(play_page, "HUES", (1, 2))
    monkeypatch.setattr("scripts.render.blocks.play.MOST", 60_000)
    text, _ = play_page.page(played, "https://example.org/")
    assert "Colours repeat after 2 requests; the name stands beside each." in text
    assert re.search(r"The pictures end with step \d+: a browser would be slow with more\.", text)
    assert "(https://example.org/posts/02-scheduler-loop/)" in text


def test_a_run_that_was_stopped_stands_first(played):  # noqa: F811
    played["runs"][1]["ended"] = "stuck"
    text, _ = play_page.page(played, "/")
    assert "**No request got a token in the last 50 steps" in text


def test_the_posts_are_linked_where_the_site_is(monkeypatch):
    monkeypatch.delenv("SITE_URL", raising=False)
    assert re.fullmatch(r"https://[\w./-]+/", play.site_address())
    monkeypatch.setenv("SITE_URL", "https://example.org/here")
    assert play.site_address() == "https://example.org/here/"


def test_bad_input_is_its_line_and_nothing_half_written(tmp_path):
    file = tmp_path / "mine.toml"
    file.write_text('[[request]]\nname = "a"\nprompt = -5\nanswer = 4\n')
    done = run(str(file), "--no-serve", "--into", str(tmp_path / "page"))
    assert (done.returncode, done.stderr) == (1, "mine.toml: request 'a': prompt is -5; write 1 to 8,192\n")
    assert [path.name for path in tmp_path.iterdir()] == ["mine.toml"]


def test_a_file_that_is_not_there_is_named_as_it_was_typed():
    done = run("none.toml", "--no-serve")
    assert done.returncode == 1 and done.stderr.startswith("none.toml: there is no such file; name one, or copy")


def test_what_the_lab_wrote_is_checked(tmp_path, monkeypatch):
    def wrote(command, **_):
        (tmp_path / "played.json").write_text('{"format": 9}')
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(play.subprocess, "run", wrote)
    with pytest.raises(SiteError, match="played.json: is no file of format 1"):
        play.drive(tmp_path / "mine.toml", tmp_path / "played.json")


def test_a_page_that_mkdocs_refuses_leaves_the_last_one(tmp_path, played, monkeypatch):  # noqa: F811
    (tmp_path / "page").mkdir()
    (tmp_path / "page/old").write_text("of the last run")
    monkeypatch.setattr(play, "_BUILD", "raise SystemExit('ERROR - no theme')")
    with pytest.raises(SiteError, match="the page was not made"):
        play.build(played, tmp_path / "page")
    assert [path.name for path in (tmp_path / "page").iterdir()] == ["old"] and len(list(tmp_path.iterdir())) == 1


def test_it_is_served_on_a_free_port_until_it_is_interrupted(tmp_path):
    (tmp_path / "index.html").write_text("here")
    code = f"from pathlib import Path; from scripts.build import play; play.serve(Path({str(tmp_path)!r}), False)"
    with subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True) as server:
        address = server.stdout.readline().split()[0]
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+/", address)
        with urllib.request.urlopen(address, timeout=10) as answer:
            assert answer.read() == b"here" and answer.headers["Cache-Control"] == "no-store"
        server.send_signal(signal.SIGINT)
        assert server.wait(10) == 0


def test_a_browser_is_opened_only_where_it_would_be_seen(monkeypatch):
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    assert not play.has_screen()
    monkeypatch.setenv("DISPLAY", ":0")
    assert play.has_screen()


@pytest.mark.engine
def test_the_example_gives_the_replays_of_the_site(tmp_path, engine_python, sglang_python):
    """Both engines driven, end to end: the example's steps are the committed records', step by step."""
    environment = {**os.environ, "LAB_VLLM_CPU_PYTHON": engine_python, "LAB_SGLANG_CPU_PYTHON": sglang_python}
    done = run("--no-serve", "--into", str(tmp_path / "page"), env=environment)
    assert done.returncode == 0, done.stderr
    assert re.search(r"index\.html: made in \d+ s", done.stdout)
    html = strip_tags((tmp_path / "page/index.html").read_text())
    assert "26 steps; preempted: r6 in step 7, r5 in step 10, r7 in step 20" in html
    assert "34 steps; no request is retracted" in html
    steps = json.loads((tmp_path / "page/data/replays/play.toml-compare-yours.json").read_text())["steps"]
    assert len(steps) == 35 and all(len(step["frames"]) == 2 for step in steps)


@pytest.mark.engine
def test_a_run_that_takes_too_long_is_stopped_and_said(tmp_path, engine_python, sglang_python):
    """With every setting of both engines changed: they are taken, and the page names them."""
    file = tmp_path / "mine.toml"
    file.write_text(
        'blocks = 10\nsteps = 60\n[vllm]\nwatermark = 0.3\npolicy = "priority"\nasync = true\n'
        '[sglang]\npolicy = "lpm"\noverlap = true\nmixed = true\n'
        + "".join(f'[[request]]\nname = "q{n}"\nprompt = 60\nanswer = 40\npriority = {-n}\n' for n in range(12))
    )
    environment = {**os.environ, "LAB_VLLM_CPU_PYTHON": engine_python, "LAB_SGLANG_CPU_PYTHON": sglang_python}
    done = run(str(file), "--no-serve", "--into", str(tmp_path / "page"), env=environment)
    assert done.returncode == 0, done.stderr
    html = strip_tags((tmp_path / "page/index.html").read_text())
    assert "policy priority, async scheduling on, watermark 0.3" in html
    assert "policy lpm, overlap on, mixed chunks on" in html
    assert html.count("The run was stopped here, after as many steps as the file allows") == 2
    assert "Colours repeat after 10 requests" in html
    # The smallest priority is served first: q11 has its first token before q0.
    assert re.search(r"vLLM 0\.32\.0 q11 is admitted and gets", html)
