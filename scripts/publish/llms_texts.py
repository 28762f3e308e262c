"""`llms.txt`, which lists the pages with a line about each, and `llms-full.txt`, which holds what a reader learns from.

Both as llmstxt.org describes them. The ledger, the comparisons with newer releases and the notebooks are listed and
not in the full text: they are data about the posts, several times as long as the posts.
"""

from pathlib import Path

from scripts.publish.built_pages import BuiltPage

SECTIONS = (("posts/", "Posts"), ("symptoms/", "Reference"), ("reference/", "Reference"), ("experiments/", "Optional"))
NOT_IN_FULL = ("reference/ledger/", "reference/drift/", "reference/tags/", "reference/architecture/", "experiments/")


def _section(page: BuiltPage) -> str:
    if page.place.startswith(NOT_IN_FULL):
        return "Optional"
    return next((title for start, title in SECTIONS if page.place.startswith(start)), "Start")


def overview(pages: list[BuiltPage], name: str) -> str:
    """llms.txt: the site in a sentence, and each page's twin in Markdown with what it is about."""
    home = next(page for page in pages if not page.place)
    parts = [f"# {name}\n\n> {home.description}\n"]
    parts.append(
        "Each page below is Markdown, with its numbers and excerpts filled in. A number links to its claim, which "
        "names the hosts, the interval and the raw records. All of them in one file: "
        f"[llms-full.txt]({home.site}llms-full.txt).\n"
    )
    for title in ("Start", "Posts", "Reference", "Optional"):
        mine = [page for page in pages if _section(page) == title]
        if mine:
            parts.append(f"## {title}\n")
            parts.append("".join(f"- [{page.title}]({page.address}index.md): {page.description}\n" for page in mine))
    return "\n".join(parts)


def write(site: Path, pages: list[BuiltPage], twins: dict[str, str], name: str) -> None:
    """Writes both files; `twins` are the pages' Markdown by their place."""
    (site / "llms.txt").write_text(overview(pages, name), "utf-8")
    full = [twins[page.place] for page in pages if not page.place.startswith(NOT_IN_FULL)]
    (site / "llms-full.txt").write_text("\n---\n\n".join(full), "utf-8")
