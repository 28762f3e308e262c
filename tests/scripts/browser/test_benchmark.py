"""The benchmark's table and its verdicts; the measuring itself is what `make bench` runs."""

import json

import pytest

from scripts.browser import benchmark, benchmark_commands, headless
from scripts.common.errors import SiteError
from scripts.common.sealed import sealed
from tests.scripts.fixtures.small_site import Site


def test_verdicts(capsys):
    figures = benchmark.Figures()
    figures.add("fits", "s", 2, 1.5)
    figures.add("too slow", "s", 2, 2.5)
    figures.add("unknown", "KB", 250, None, "no browser")
    assert [row["ok"] for row in figures.rows] == [True, False, None]
    shown = capsys.readouterr().out
    assert "TOO MUCH" in shown and "not measured" in shown and "no browser" in shown


def test_a_broken_site_is_no_figure(tmp_path):
    (tmp_path / "mkdocs.yml").write_text("site_name: x\nstrict: true\n")
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/index.md").write_text("[x](gone.md)")
    with pytest.raises(SiteError, match="was not built"):
        benchmark.build_seconds(tmp_path)


def test_without_chromium(monkeypatch, capsys):
    monkeypatch.setenv("CHROMIUM", "")
    monkeypatch.setattr(headless.shutil, "which", lambda name: None)
    with pytest.raises(SiteError, match="apt-get install chromium"):
        headless.find_chromium()


def test_what_is_served_is_compressed_and_below_the_prefix(tmp_path):
    import gzip
    import urllib.error
    import urllib.request

    (tmp_path / "404.html").write_text("none")
    (tmp_path / "index.html").write_text("x" * 5000)
    with headless.served(tmp_path) as url:
        with urllib.request.urlopen(url) as answer:
            body = answer.read()
        assert len(body) < 200 and gzip.decompress(body).decode() == "x" * 5000
        with pytest.raises(urllib.error.HTTPError):
            urllib.request.urlopen(url.replace(headless.PREFIX, "/"))


def test_without_the_other_releases_no_comparison_is_timed(tmp_path, capsys):
    site = Site(tmp_path)
    figures = benchmark.Figures()
    file = tmp_path / "snippets/drift/vllm-0.33.0.json"
    data = json.loads(file.read_text())
    data["to"]["sha256"] = "0" * 64  # a release that is not in the cache
    file.write_text(json.dumps(sealed(data)))
    benchmark_commands.comparisons(figures, site.root)
    assert [(row["figure"], row["measured"]) for row in figures.rows] == [
        (benchmark_commands.WRONG, None),
        (benchmark_commands.COMPARED, None),
    ]
    assert "make drift" in capsys.readouterr().out


def test_with_them_the_classifier_s_faults_are_counted_and_the_comparing_is_timed(tmp_path, monkeypatch):
    site = Site(tmp_path)
    figures = benchmark.Figures()
    monkeypatch.setattr(benchmark_commands.classifier_accuracy, "judge", lambda root: [])
    benchmark_commands.comparisons(figures, site.root)
    assert [row["figure"] for row in figures.rows] == [benchmark_commands.WRONG, benchmark_commands.COMPARED]
    assert figures.rows[0]["measured"] == 0 and figures.rows[1]["detail"] == "1 releases" and figures.rows[1]["ok"]
