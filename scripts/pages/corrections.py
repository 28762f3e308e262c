"""The dated list of corrections that ends each post.

A post's last section is `## Corrections`: "None yet.", or an item for each correction, the newest first:

    - **2026-11-26.** What was said, and what is right.
"""

import datetime
import re
from pathlib import Path

from scripts.common.errors import SiteError

HEADING = "## Corrections"
NONE = "None yet."
ITEM = re.compile(r"- \*\*(\d{4}-\d\d-\d\d)\.\*\* \S")
DATE = re.compile(r"^date: (\d{4}-\d\d-\d\d)$", re.MULTILINE)


def read(text: str, where: str, today: datetime.date | None = None) -> list[datetime.date]:
    """The dates of a post's corrections, newest first. SiteError names the line that is wrong and what to write."""
    lines = text.splitlines()
    sections = [line for line in lines if line.startswith("## ")]
    if sections.count(HEADING) != 1 or sections[-1] != HEADING:
        raise SiteError(f"{where}: has no '{HEADING}' as its last section; end the post with it, and with '{NONE}'")
    start = lines.index(HEADING) + 1
    body = [(number, line) for number, line in enumerate(lines[start:], start + 1) if line.strip()]
    if [line for _, line in body] == [NONE]:
        return []
    published = DATE.search(text)
    first = datetime.date.fromisoformat(published[1]) if published else datetime.date.min
    last, found = today or datetime.date.today(), []
    for number, line in body:
        if line.startswith("  "):  # an item goes on
            continue
        item = ITEM.match(line)
        if not item:
            raise SiteError(
                f"{where}:{number}: is no correction; write '- **YYYY-MM-DD.** what was said and what is right'"
            )
        try:
            date = datetime.date.fromisoformat(item[1])
        except ValueError:
            raise SiteError(f"{where}:{number}: {item[1]} is no date; correct it") from None
        if not first <= date <= last:
            raise SiteError(
                f"{where}:{number}: {date} lies before the post ({first}), in the future, or behind an older one; "
                "write the newest first"
            )
        last = date
        found.append(date)
    if not found:
        raise SiteError(f"{where}: '{HEADING}' is empty; write '{NONE}'")
    return found


def check(root: Path, names: str = "[0-9]*.md") -> tuple[int, int]:
    """How many posts of these names end with such a list, and how many corrections are in them."""
    posts = sorted((root / "docs/posts").glob(names))
    dates = [read(post.read_text("utf-8"), f"docs/posts/{post.name}") for post in posts]
    return len(posts), sum(len(each) for each in dates)
