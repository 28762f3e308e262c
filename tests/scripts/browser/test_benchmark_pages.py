"""The figures of pages: each kind has its weight, and what cannot be measured here is named."""

import pytest

from scripts.browser import benchmark_pages, headless, lighthouse
from scripts.browser.benchmark_figures import Figures
from scripts.common.errors import SiteError

PAGES = {"home": "", "a post": "posts/01/", "a notebook": "experiments/01/", "drift": "reference/drift/"}


@pytest.fixture
def measured(monkeypatch, tmp_path):
    """measured(**options) gives the rows of a site of PAGES."""
    monkeypatch.setattr(benchmark_pages, "kinds", lambda site: PAGES)

    def rows(**options) -> list[dict]:
        figures = Figures()
        benchmark_pages.measure(figures, tmp_path, **options)
        return figures.rows

    return rows


def without(monkeypatch, message):
    def nothing(*_):
        raise SiteError(message)

    return nothing


def test_without_chromium_every_kind_is_named_and_nothing_measured(measured, monkeypatch):
    monkeypatch.delenv("REQUIRE_BROWSER", raising=False)
    monkeypatch.setattr(headless, "find_chromium", without(monkeypatch, headless.NO_CHROMIUM))
    rows = measured()
    assert [row["figure"] for row in rows] == [f"first visit to {name}, gzip" for name in PAGES]
    assert all(row["measured"] is None and row["limit"] and "Chromium not found" in row["detail"] for row in rows)


def test_lighthouse_says_how_far_each_kind_is_from_full_marks(measured, monkeypatch, tmp_path):
    monkeypatch.setattr(lighthouse, "find", lambda: "lighthouse")
    scores = {"performance": 88.0, "accessibility": 100.0, "best-practices": 96.0, "seo": 100.0}
    monkeypatch.setattr(lighthouse, "scores", lambda url, form: scores)
    figures = Figures()
    benchmark_pages._lighthouse(figures, tmp_path, {"home": ""})
    found = [
        (row["figure"].split(",")[1].strip(), row["limit"], row["measured"], row["ok"]) for row in figures.rows[::2]
    ]
    assert found == [("phone", 10, 12.0, False), ("desktop", 1, 12.0, False)]
    assert [(row["limit"], row["measured"]) for row in figures.rows[1::2]] == [(0, 4.0), (0, 4.0)]


def test_without_lighthouse_a_word_says_so(monkeypatch, tmp_path):
    monkeypatch.setattr(lighthouse, "find", without(monkeypatch, lighthouse.NO_LIGHTHOUSE))
    figures = Figures()
    benchmark_pages._lighthouse(figures, tmp_path, PAGES)
    (row,) = figures.rows
    assert row["measured"] is None and "npm install" in row["detail"]
