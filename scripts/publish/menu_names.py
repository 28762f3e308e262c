"""Names for the parts of the theme's menu that have none.

A part with a page of its own is opened by a label beside the link to that page, and the theme leaves the label empty: a
stop of the keyboard without a word, and a list of links called after nothing. Two such lists cannot be told apart.
"""

import re
from pathlib import Path

from scripts.publish import site_files

_EMPTY = re.compile(
    r'(?P<label><label class="md-nav__link[^"]*" for="(?P<part>[^"]+)" id="(?P=part)_label"[^>]*>)'
    r'(?P<icon>\s*<span class="md-nav__icon md-icon"></span>\s*</label>)'
    r'(?P<between>.*?<label class="md-nav__title" for="(?P=part)">\s*<span[^>]*></span>)(?P<title>[^<]*)',
    re.S,
)


def named(page: str) -> str:
    """The page with a word for each part, said and not seen."""

    def with_words(found: re.Match[str]) -> str:
        words = f'<span class="unseen">Pages of {found["title"].strip()}</span>'
        return found["label"] + words + found["icon"] + found["between"] + found["title"]

    return _EMPTY.sub(with_words, page)


def publish(site: Path, root: Path) -> None:
    """Rewrites every page; `root` is not read."""
    pages = site_files.pages(site)
    site_files.write_changed(pages, {file: named(text) for file, text in pages.items()})
