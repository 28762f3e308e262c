"""A result line stands beside a mark for all hosts: a value that differs between them says whose it is."""

import re

from experiments.formats import value_format
from scripts.common.paths import ROOT
from scripts.measured import claim_reader

_LINE = re.compile(r"^/// result \|.*?^///$", re.M | re.S)
_ALONE = re.compile(r"\{\{([a-z0-9-]+)\.([a-z0-9_]+)\}\}")
_SAID = re.compile(r"first host(?:'s)? values|(?:single|each) value is (?:the|our) first host's", re.I)


def unsaid(text: str, claims: dict) -> list[str]:
    """The values of one host that result lines of a page give for all, where the page does not say so."""
    if _SAID.search(text):
        return []
    found = []
    for line in _LINE.findall(text):
        for claim, name in _ALONE.findall(line):
            hosts = claims[claim].hosts if claim in claims else []
            values = {value_format.formatted(host.values[name]) for host in hosts if name in host.values}
            if len(values) > 1 and "first host" not in line:
                found.append(f"{{{{{claim}.{name}}}}}")
    return found


def test_no_page_gives_one_host_s_value_for_all():
    claims = claim_reader.load_all(ROOT)
    pages = [page for page in sorted((ROOT / "docs").rglob("*.md")) if "/// result" in page.read_text("utf-8")]
    found = {page.name: unsaid(page.read_text("utf-8"), claims) for page in pages}
    assert len(pages) >= 8
    assert {
        page: f"{', '.join(names)} differ between hosts: write NAME.hosts, or that a single value is the first host's"
        for page, names in found.items()
        if names
    } == {}
