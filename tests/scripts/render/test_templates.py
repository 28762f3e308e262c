"""The templates: what they are given is escaped on every kind of page, line breaks are nothing, mistakes are told."""

import json
import re

import jinja2
import pytest
from bs4 import BeautifulSoup

from scripts.catalog.site_data import Evidence
from scripts.common.errors import SiteError
from scripts.common.sealed import sealed
from scripts.render.page import html, templates
from scripts.render.tables import drift, drift_badges, drift_lines
from tests.scripts.fixtures.small_site import CORE, FAMOUS, KNOBS, SOURCES, Site, base_record
from tests.scripts.render.test_measured_blocks import render

BAD = '<script>alert("it\'s")</script>'
QUOTED = BAD.replace('"', '\\"')


@pytest.fixture
def site(tmp_path):
    return Site(tmp_path)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty folder of templates, in place of the site's."""
    monkeypatch.setattr(templates, "FOLDER", tmp_path)
    monkeypatch.setattr(templates.ENVIRONMENT, "loader", jinja2.FileSystemLoader(tmp_path))
    monkeypatch.setattr(templates.ENVIRONMENT, "bytecode_cache", None)
    templates.ENVIRONMENT.cache.clear()
    yield tmp_path
    templates.ENVIRONMENT.cache.clear()


def spoil_claim(site) -> None:
    """Writes a script wherever a claim has text of its own."""
    share = {"value": 61.2, "unit": BAD, "ci": [60.1, 62.4], "n": 40}
    words = dict.fromkeys(("title", "sentence", "holds_if", "command"), f"{BAD} {{share}}") | {"title": BAD}
    host = {"id": "0" * 16, "label": BAD}
    site.save_claims([site.changed_claim(**words, values={"share": share}, host=host, pin={"vllm": BAD})])


def knobs(site) -> BeautifulSoup:
    spoil_claim(site)
    site.write("snippets/knobs.toml", KNOBS.replace("What is picked", QUOTED).replace("The loop", QUOTED))
    site.write("snippets/01-one-request.toml", site.manifest.replace('"--pick"', f'"--{QUOTED}"'))
    record = base_record("default-vllm")
    record["host"]["gpu"] = {"name": BAD, "uuid": "GPU-0", "memory_bytes": 1}
    record["extra"] = {"says": {BAD: BAD}}
    site.save_record("default-vllm", record)
    return render(site, "/// knobs\n///\n", manifest=False)


def famous(site) -> BeautifulSoup:
    spoil_claim(site)
    # What is inline Markdown may hold HTML, as a page may; a title and what a claim says may not.
    text = FAMOUS.replace('"A blog"', f'"{QUOTED}"').replace("Where time goes", QUOTED)
    text = text.replace('"original"', f'"copy"\nhow = "{QUOTED}"').replace("example.org/blog", f"example.org/{QUOTED}")
    site.write("snippets/famous.toml", text)
    return render(site, "/// famous\n///\n", manifest=False)


def ledger(site) -> BeautifulSoup:
    spoil_claim(site)
    site.write("snippets/01-one-request.toml", site.manifest.replace('"--pick"', f'"--{QUOTED}"'))
    return render(site, "/// ledger\n///\n", manifest=False)


def settings(site) -> BeautifulSoup:
    text = site.manifest.replace('"--pick"', f'"--{QUOTED}"')
    site.write("snippets/01-one-request.toml", text.replace("who =", f'shown = {{ 1 = "{QUOTED}" }}\nwho ='))
    pins = (site.root / "snippets/pins.toml").read_text()
    site.write("snippets/pins.toml", pins.replace('"vLLM"', f'"{QUOTED}"'))
    return render(site, "/// settings | 01\n///\n", manifest=False)


def claim(site) -> BeautifulSoup:
    spoil_claim(site)
    reference = (site.root / "experiments/claims/01.json").read_text()
    site.write("experiments/local/claims/01.json", reference)
    return render(site, "/// claim | wait\n///\n", manifest=False)


def drift_page(site) -> BeautifulSoup:
    site.write("docs/posts/reading-order.toml", f'[[post]]\nslug = "01-one-request"\ntitle = "{QUOTED}"\nabout = "x"\n')
    site.release("0.34.0", SOURCES | {CORE: SOURCES[CORE].replace("self.schedule()", f"self.schedule({BAD!r})")})
    site.compare("0.34.0")
    file = site.root / "snippets/drift/vllm-0.34.0.json"
    data = json.loads(file.read_text())
    data["name"] = BAD
    data["recordings"] = {BAD: {"record": "experiments/drift/x.json", "build": BAD}}
    for entry in data["entries"]:
        entry["remark"] = entry["then"]["symbol"] = BAD
    # One entry keeps its symbol, so that its changed lines are shown.
    changed = next(entry for entry in data["entries"] if entry["id"] == "01/step")
    changed["then"]["symbol"] = "Core.step"
    file.write_text(json.dumps(sealed(data)))
    return BeautifulSoup(drift.page_html(Evidence(site.root), "../../"), "html.parser")


def drift_lines_page(site) -> BeautifulSoup:
    drift_page(site)
    evidence = Evidence(site.root)
    manifest = "snippets/01-one-request.toml"
    return BeautifulSoup(
        drift_lines.lines_html(evidence.comparisons[0], manifest, evidence, "../../../"), "html.parser"
    )


@pytest.mark.parametrize("page", [knobs, famous, ledger, drift_page, drift_lines_page, settings, claim])
def test_a_script_in_the_data_is_text_on_every_kind_of_page(site, page):
    soup = page(site)
    assert soup.select("script") == [] and BAD in soup.get_text()
    for element in soup.select("*"):
        assert not any(name.startswith("alert") for name in element.attrs), element


def test_a_script_in_a_badge_and_in_the_matrix_is_text(site):
    site.write("docs/posts/reading-order.toml", '[[post]]\nslug = "01-one-request"\ntitle = "x"\nabout = "x"\n')
    evidence = Evidence(site.root)
    evidence.comparisons[0].data["to"]["version"] = "0.33.0"
    matrix = {state: {state: BAD} for state in drift_badges.STATES}
    accuracy = {"matrix": matrix, "right": BAD, "labels": 8, "not_on_the_site": 5, "harmful": 0}
    for text in (drift_badges.accuracy_html(accuracy), templates.render("drift_badges.html", badges=[badge(BAD)])):
        soup = BeautifulSoup(text, "html.parser")
        assert soup.select("script") == [] and BAD in soup.get_text()


def badge(text: str) -> drift_badges.Badge:
    return drift_badges.Badge(text, text, text)


def test_only_inline_markdown_and_figures_are_put_in_as_html():
    for file in templates.FOLDER.glob("*.html"):
        text = file.read_text("utf-8")
        assert "autoescape" not in text, file.name
        said = re.findall(r"\{\{ *([^{}]*?) *\| *safe *\}\}", text)
        assert text.count("safe") == len(said), file.name
        allowed = re.compile(r"inline\([\w.]+\)" if file.name != "claim.html" else r"store|figure|figure_box")
        assert all(allowed.fullmatch(value) for value in said), (file.name, said)


def test_a_template_and_other_code_escape_the_same(folder):
    (folder / "a.html").write_text('<p title="{{ text }}">{{ text }}</p>{{ made }}')
    made = html.Html("<b>&amp;</b>")
    text = html.escaped(BAD)
    assert templates.render("a.html", text=BAD, made=made) == f'<p title="{text}">{text}</p><b>&amp;</b>'


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("<ul>\n  <li>a</li>\n\n  <li>b</li>\n</ul>\n", "<ul><li>a</li><li>b</li></ul>"),
        ("<p>\n  two\n  words\n</p>", "<p>two words</p>"),
        ('<a\n  href="x"\n  title="{{ x }}"\n  id="y">z</a>', '<a href="x" title="1" id="y">z</a>'),
        ("<b>a</b> <i>b</i>\n{{ x }} c", "<b>a</b> <i>b</i>1 c"),
        ("{# said #}\n{% for n in [1, 2] %}\n  {{ n }}{% if not loop.last %}, {% endif %}\n{% endfor %}\n", "1, 2"),
        ('<pre>\n  {{ "a\n" }}\n</pre>', "<pre>a\n</pre>"),
    ],
)
def test_line_breaks_of_a_template_are_for_who_reads_it(folder, written, shown):
    (folder / "a.html").write_text(written)
    assert templates.render("a.html", x=1) == shown


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("<p>\n{{ titel }}</p>", "a.html:2: 'titel' is undefined; correct the template"),
        ("<p>\n\n{% if %}</p>", "a.html:3: Expected an expression"),
        ("{{ row.titel }}", "a.html:1: 'dict object' has no attribute 'titel'"),
        ("{% from 'b.html' import x %}", "a.html:1: 'b.html' not found"),
    ],
)
def test_a_template_that_is_wrong_is_one_line_with_its_place(folder, written, said):
    (folder / "a.html").write_text(written)
    with pytest.raises(SiteError) as caught:
        templates.render("a.html", title="x", row={})
    assert str(caught.value).startswith(f"scripts/render/templates/{said}") and "\n" not in str(caught.value)


def test_an_edited_template_is_read_again(folder):
    file = folder / "a.html"
    file.write_text("a")
    assert templates.render("a.html") == "a"
    templates.keep_compiled(folder / "kept")
    file.write_text("edited")
    assert templates.render("a.html") == "edited" and list((folder / "kept").iterdir())
