"""What a stranger's records call their card, processor or engine is text on every page, whatever it looks like."""

import json

import markdown
import pytest
from bs4 import BeautifulSoup

from experiments.formats import host_index, record_format
from scripts.common.paths import ROOT
from scripts.render.page.build_context import Context
from scripts.render.page.extension import PageExtension
from scripts.render.tables.hosts import page_html
from tests.scripts.fixtures.several_hosts import IDS, on_hosts
from tests.scripts.fixtures.small_site import PAGE, Site

# HTML, an attribute's end, a script's, Markdown's links, code, tables and headings, a template's, our own references.
HOSTILE = [
    "<img src=x onerror=alert(1)>", "\"><script>alert(1)</script>", "' onmouseover='alert(1)", "</script><script>1",
    "[x](javascript:alert(1))", "![x](http://127.0.0.1:9/x.png)", "`</code><b>`", "| a | b |", "# x", "{{ claim.x }}",
    "{% raw %}", "&lt;script&gt;", "<!--", "]]>", "{: onclick=alert(1) }", "/// details", "https://127.0.0.1:9/x",
]  # fmt: skip


def harmless(html: str) -> BeautifulSoup:
    """The page, in which nothing of a stranger's became an element, an attribute or an address."""
    page = BeautifulSoup(html, "html.parser")
    for element in page.find_all():
        assert not [name for name in element.attrs if name.startswith("on")], element
        assert element.name not in ("iframe", "object", "b"), element
        assert element.name != "img" or element["src"].startswith("../../assets/figures/"), element
        assert element.name != "script" or element.get("type") == "application/json", element
        for name in ("href", "src", "data-src", "xlink:href"):
            assert not str(element.get(name, "")).strip().lower().startswith(("javascript:", "http://127", "https://127"))
    return page


@pytest.fixture(params=HOSTILE)
def said(request):
    return request.param


@pytest.fixture
def rendered(tmp_path, said):
    """rendered(text) -> the HTML of a page with the claim, the ledger and the hosts of a site whose further host calls
    everything `said`."""
    site = Site(tmp_path)
    claim = on_hosts(site, [True, True])
    for host in claim["hosts"]:
        host["label"] = f"{said}, driver {said}"
    record = json.loads(site.record.read_text())
    record["host"] |= {"id": IDS[1], "cpu": said, "os": said, "python": said, "driver": said, "cuda": said}
    record["host"]["gpu"] = {"name": said, "uuid": said, "memory_bytes": 10**9}
    if record["engine"]:
        record["engine"] |= {"distribution": said, "distribution_version": said}
    path = f"experiments/hosts/{IDS[1]}/01/ttft.json"
    digest = site.digest(site.write(path, json.dumps(record)))
    claim["hosts"][1]["records"][0]["sha256"] = digest
    site.save_claims([claim])
    filed = host_index.Filed("ada", {"ttft.json": record_format.sha256((site.root / path).read_bytes())})
    site.write(host_index.file(), host_index.text({f"{IDS[1]}/01": filed}).decode())
    context = Context(root=site.root, repo_url="https://example.org/me/site")
    context.start_page("posts/01-one-request.md")
    text = PAGE.split("---\n", 2)[2] + "\n/// ledger\n///\n"
    page = markdown.Markdown(extensions=["attr_list", "tables", PageExtension(context)]).convert(text)
    return page + page_html(context.evidence.hosts, "../../", ROOT)


def test_it_is_text(rendered, said):
    page = harmless(rendered)
    assert said in page.get_text(), "it is not shown, so nothing was tried"
    assert page.select(f"#host-{IDS[1]}") and page.select(".claim")
