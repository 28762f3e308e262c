"""Pages in fewer bytes: without blanks, quotes and closing tags that HTML lets out. The elements stay what they are."""

from pathlib import Path

import minify_html

from scripts.publish import site_files


def light(page: str) -> str:
    """The same elements, attributes and text. White space goes only where none is drawn."""
    return str(minify_html.minify(page, keep_html_and_head_opening_tags=True))


def publish(site: Path, root: Path) -> None:
    """Rewrites every page; `root` is not read."""
    pages = site_files.pages(site)
    site_files.write_changed(pages, {file: light(text) for file, text in pages.items()})
