"""Every metric and environment variable of an engine that a page names is in that engine's pinned source."""

import re

import pytest

from scripts.common.paths import ROOT
from scripts.sources.unpacked_sources import Sources, open_sources

METRICS = {"vllm": "vllm/v1/", "sglang": "python/sglang/srt/observability/"}
VARIABLES = {
    "vllm": ("vllm/envs.py",),
    "sglang": ("python/sglang/srt/environ.py", "python/sglang/srt/entrypoints/http_server.py"),
}
ADDED = re.compile(r"_(total|bucket|sum|count)$")  # what the client library puts behind a counter's or histogram's name
NEWER = {"SGLANG_ENABLE_WAITING_PREFIX_REFRESH"}  # told of a newer release alone, where a post says how it has aged


def named(pattern: str) -> dict[str, set[str]]:
    """The places that name what the pattern finds, by name."""
    found: dict[str, set[str]] = {}
    pages = [*(ROOT / "docs").rglob("*.md"), *(ROOT / "snippets").glob("*.toml")]
    for page in pages:
        for name in re.findall(pattern, page.read_text()):
            found.setdefault(name, set()).add(str(page.relative_to(ROOT)))
    return found


def metrics_of(sources: Sources, engine: str) -> set[str]:
    files = [
        path for path in sources.listing(engine)
        if path.startswith(METRICS[engine]) and re.search(r"metric|loggers|stat", path)
    ]  # fmt: skip
    return {name for path in files for name in re.findall(rf'"({engine}:\w+)"', sources.text(engine, path))}


@pytest.mark.parametrize("engine", ["vllm", "sglang"])
def test_a_named_metric_is_one_of_the_release(engine):
    known = metrics_of(open_sources(ROOT), engine)
    pages = named(rf"\b{engine}:[a-z]\w+")
    assert pages
    wrong = {name: where for name, where in pages.items() if not {name, ADDED.sub("", name)} & known}
    assert wrong == {}


@pytest.mark.parametrize("engine", ["vllm", "sglang"])
def test_a_named_variable_is_one_of_the_release(engine):
    sources = open_sources(ROOT)
    known = {
        name
        for path in VARIABLES[engine]
        for name in re.findall(rf"\b{engine.upper()}_[A-Z0-9_]+", sources.text(engine, path))
    }
    pages = named(rf"`{engine.upper()}_[A-Z0-9_]+")
    assert pages
    assert {name: where for name, where in pages.items() if name.lstrip("`") not in known | NEWER} == {}
