"""The two sites that `make bench` compares: this one with seven posts and seven notebooks, and a plain twin of it.

The twin has the same pages, plugins and notebooks, with ordinary code blocks in place of excerpts, and none of our
code: no hook, no extension, Material's own templates.
"""

import datetime
import json
import re
import shutil
from pathlib import Path

import tomlkit
import yaml

from scripts.common.errors import SiteError
from scripts.common.paths import ROOT
from scripts.pages import reading_order
from scripts.pages.references import page_url
from scripts.quotes.excerpts import Resolver
from scripts.quotes.manifest import file_of, has, load

BLOCK = re.compile(
    r"^///[ ]*(?P<name>[\w-]+)[ ]*(?:\|[ ]*(?P<argument>[^\n]*?)[ ]*)?\n(?P<body>.*?)^///[ ]*$", re.M | re.S
)

OPTIONS = re.compile(r"(?: {4}[^\n]*\n)*")
OUTER = re.compile(r"^/{4,}[^\n]*\n(?: {4}[^\n]*\n)*", re.M)  # what holds other blocks: its content is left

# What the twin's generator has to do, and scripts/prepare/ has done before ours.
NOTEBOOKS = """\
  - mkdocs-jupyter:
      include: ["*.ipynb"]
      ignore: ["*.md", "*.py"]
      include_source: true
      toc_depth: 3
"""
MARKDOWN = """
markdown_extensions:
  - abbr
  - attr_list
  - def_list
  - footnotes
  - tables
  - md_in_html
  - toc:
      permalink: "#"
      toc_depth: 3
  - pymdownx.highlight
  - pymdownx.superfences
"""


def make(folder: Path) -> None:
    """Copies this site to `folder` and fills it up to seven posts and notebooks; shares caches and code with it."""
    folder.mkdir(parents=True)
    for name in ("docs", "theme", "snippets", "experiments"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("local", "lab", "__pycache__"))
    for name in ("mkdocs.yml", "CITATION.cff"):
        shutil.copy(ROOT / name, folder)
    (folder / "experiments/lab").mkdir()
    shutil.copytree(ROOT / "experiments/lab/schema", folder / "experiments/lab/schema")
    (folder / "scripts").symlink_to(ROOT / "scripts")
    (folder / ".cache").mkdir()
    for name in ("sources", "symbols", "excerpts"):
        (ROOT / ".cache" / name).mkdir(parents=True, exist_ok=True)
        (folder / ".cache" / name).symlink_to(ROOT / ".cache" / name)
    posts = reading_order.load(folder)
    model = next((post for post in posts if post.page), None)
    for post in posts:
        if not post.page:
            _fill_post(folder, post, model)
        if not post.notebook:
            _fill_notebook(folder, post, model.notebook if model else "")


def _fill_post(folder: Path, post: reading_order.Post, model: reading_order.Post | None) -> None:
    """A post that does not exist yet: the first one again, or, before there is one, the page with the most excerpts."""
    source, manifest = (model.page, model.slug) if model else ("reference/metrics.md", "00-metrics")
    text = (folder / "docs" / source).read_text("utf-8")
    parts = re.fullmatch(r"---\n(.*?)\n---\n(.*)", text, re.S)
    if parts is None:
        raise SiteError(f"docs/{source}: has no front matter; begin it with title and date between two lines of ---")
    front, body = parts.groups()
    meta = yaml.safe_load(front)
    meta.pop("snippets", None)
    meta["title"] = post.title
    meta["date"] = {"created": datetime.date(2026, 1, int(post.number)), "updated": datetime.date(2026, 2, 1)}
    document = tomlkit.parse((folder / file_of(manifest)).read_text("utf-8"))
    document.pop("path", None)  # a path is claimed once
    body = _own_claims(folder, post.number, body)
    (folder / file_of(post.slug)).write_text(tomlkit.dumps(document), "utf-8")
    (folder / f"docs/posts/{post.slug}.md").write_text(
        f"---\n{yaml.safe_dump(meta, default_flow_style=False)}---\n{_rebased(body, source)}", "utf-8"
    )


def _own_claims(folder: Path, number: str, body: str) -> str:
    """Gives a copied post claims of its own, because a claim is shown once; returns the text that refers to them."""
    file = folder / "experiments/claims/01.json"
    if not file.is_file():
        return body
    document = json.loads(file.read_text("utf-8"))
    for claim in document["claims"]:
        name = re.escape(claim["id"])
        claim["id"] = f"{claim['id']}-{number}"
        body = re.sub(rf"(?m)(^/// *claim *\| *|\{{\{{ *|#claim-){name}(?![\w-])", rf"\g<1>{claim['id']}", body)
    document["experiment"] = number
    file.with_name(f"{number}.json").write_text(json.dumps(document), "utf-8")
    return body


def _rebased(body: str, source: str) -> str:
    """The text with its links to neighbouring pages as they are from posts/."""
    if source.startswith("posts/"):
        return body
    return re.sub(r"\]\((?!#|https?:)([\w-]+\.md)", rf"](../{source.split('/')[0]}/\1", body)


def _fill_notebook(folder: Path, post: reading_order.Post, model: str) -> None:
    slug = f"{post.number}_{post.slug[3:].replace('-', '_')}"
    if model:
        notebook = json.loads((folder / model).read_text("utf-8"))
    else:
        notebook = _notebook()
    notebook["cells"].insert(0, _markdown(f"# {post.title}\n\nA copy for the benchmark.", f"copy-{post.number}"))
    (folder / f"experiments/{slug}.ipynb").write_text(json.dumps(notebook), "utf-8")


def _markdown(text: str, name: str) -> dict:
    return {"cell_type": "markdown", "id": name, "metadata": {}, "source": text}


def _notebook() -> dict:
    """A notebook of the usual size: prose, code, tables and figures."""
    cells = []
    rows = "".join(
        f"<tr><th>{row}</th>" + "".join(f"<td>{row * column}</td>" for column in range(6)) + "</tr>"
        for row in range(12)
    )
    bars = "".join(f'<rect x="{10 * x}" y="{90 - x}" width="8" height="{x + 5}"/>' for x in range(40))
    figure = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 420 100" width="420" height="100">{bars}</svg>'
    for number in range(1, 9):
        cells.append(
            _markdown(f"## Question {number}\n\nWhat the record says, and what it does not say.", f"text-{number}")
        )
        code = "\n".join(f"value_{line} = [sample for sample in samples if sample > {line}]" for line in range(12))
        data = (
            {"text/html": f"<table>{rows}</table>", "text/plain": "table"}
            if number % 2
            else {"image/svg+xml": figure, "text/plain": "figure"}
        )
        cells.append(
            {
                "cell_type": "code",
                "id": f"code-{number}",
                "metadata": {},
                "execution_count": number,
                "source": code,
                "outputs": [{"output_type": "display_data", "metadata": {}, "data": data}],
            }
        )
    return {
        "cells": cells,
        "metadata": {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def make_plain(folder: Path, ours: Path) -> None:
    """The twin of the site `ours`."""
    shutil.copytree(ours / "docs", folder / "docs")
    resolver = Resolver(root=ours)
    for page in sorted((folder / "docs").rglob("*.md")):
        name = page.relative_to(folder / "docs").as_posix()
        page.write_text(plain_page(page.read_text("utf-8"), name, ours, resolver), "utf-8")
    (folder / "docs/experiments").mkdir()
    for notebook in (ours / "experiments").glob("*.ipynb"):
        shutil.copy(notebook, folder / "docs/experiments")
    config = (ours / "mkdocs.yml").read_text("utf-8")
    config = re.sub(r"(?m)^markdown_extensions:\n(?:  .*\n)+", "", config)
    config = re.sub(r"(?m)^  custom_dir: .*\n|^strict: .*\n", "", config)
    config = config.replace("anchors: warn", "anchors: info")  # blocks are gone, and what led to them is not
    config = config.replace("plugins:\n", f"plugins:\n{NOTEBOOKS}") + MARKDOWN
    pages = [post.page for post in reading_order.load(ours)]
    config = config.replace(
        "      - posts/index.md\n", "".join(f"      - {page}\n" for page in ["posts/index.md", *pages])
    )
    notebooks = ["experiments.md", *reading_order.notebooks(ours)]
    config = config.replace("      - experiments.md\n", "".join(f"      - {page}\n" for page in notebooks))
    (folder / "mkdocs.yml").write_text(config, "utf-8")


def plain_page(text: str, name: str, root: Path, resolver: Resolver) -> str:
    """A page with code blocks in place of excerpts, and the other blocks and marks gone."""
    named = re.search(r"(?m)^snippets: *(\S+)", text)
    post = named[1] if named else Path(name).stem
    manifest = load(post, root) if named or has(post, root) else None

    def ordinary(block: re.Match[str]) -> str:
        inside = OPTIONS.sub("", block["body"], count=1)
        if block["name"] == "details":
            return inside
        if block["name"] == "pseudo":
            return f"```\n{inside}```\n"
        if block["name"] != "excerpt" or manifest is None:
            return ""
        resolved = resolver.resolve(manifest.excerpts[block["argument"]])
        notes = "".join(f"1. {' '.join(placed.note.text.split())}\n" for placed in resolved.notes)
        code = "\n".join(resolved.lines)
        return f"``` {{.python linenums={resolved.first}}}\n{code}\n```\n\n{notes}"

    text = BLOCK.sub(ordinary, OUTER.sub("", text))
    text = re.sub(r"\{\{[^{}\n]*\}\}", "value", text)
    return re.sub(r"\{(?:fixed|quoted):[^{}\n]*\}", "", text)


def post_address(site: Path, number: int) -> str:
    """The address below the site's root of a post of the site made in `site`."""
    return page_url(reading_order.load(site)[number - 1].page)


def notebook_address(site: Path, number: int) -> str:
    """The address below the site's root of a notebook."""
    return page_url(reading_order.load(site)[number - 1].notebook)
