"""The pages that nobody writes: of each compared release whose sources are at hand, the lines that read differently.

They are Markdown like the pages of docs/: a heading for each post, with the block that shows its pieces below it.
"""

from pathlib import Path

from scripts.drift.comparison_files import Comparison
from scripts.pages import front_matter, reading_order
from scripts.prepare import headings
from scripts.render.page.build_context import Context
from scripts.render.page.html import escaped_code
from scripts.render.tables import drift, drift_lines

OVERVIEW = "reference/drift.md"


def texts(context: Context) -> dict[str, str]:
    """The Markdown of each page, by its path as if it lay in docs/."""
    evidence = context.evidence
    titles = {post.slug: post.title for post in reading_order.load(evidence.root)}
    pages = {}
    for comparison in evidence.comparisons:
        posts = list(dict.fromkeys(e["manifest"] for e in comparison.data["entries"] if drift_lines.are_shown(e)))
        if posts and drift_lines.releases(comparison, evidence) is not None:
            name = f"{drift_lines.PAGES}{drift_lines.name_of(comparison)}.md"
            pages[name] = _text(comparison, posts, titles, f"{context.repo_url.rstrip('/')}/edit/main/docs/{OVERVIEW}")
    return pages


def _text(comparison: Comparison, manifests: list[str], titles: dict[str, str], edit_url: str) -> str:
    """`manifests` are those with something to show, `edit_url` is where the overview can be edited."""
    data = comparison.data
    then, now = f"{data['name']} {data['from']['version']}", f"{data['name']} {comparison.version}"
    meta = {
        "title": f"What changed in {now}",
        "description": f"Line by line, what reads differently in {now} of all that this site quotes of {then}.",
        "edit_url": edit_url,
    }
    parts = [
        f"# What changed in {now}",
        f"Of what the posts quote of {then}, these lines (−) read differently (+) in {comparison.version}. What merely "
        f"moved, and what changed too much to be read here, is in the "
        f'<a href="../#{comparison.anchor}">list of all pieces</a>.',
    ]
    for manifest in manifests:
        title, _, end = drift.page_of(manifest, titles)
        parts += [
            f"## {headings.inline_markdown(escaped_code(title))} {{: #of-{end} }}",
            f"/// drift-lines | {drift_lines.name_of(comparison)}/{Path(manifest).stem}\n///",
        ]
    return front_matter.whole(meta, "\n\n".join(parts) + "\n")
