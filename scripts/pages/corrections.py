"""The dated list of corrections that ends each post.

A post's last section is `## Corrections`, or `### Corrections` at the end of a last `## Evidence`: "None yet.", or an
item for each correction, the newest first:

    - **2026-11-26.** What was said, and what is right.
"""

import datetime
import re
from pathlib import Path

from scripts.common.errors import SiteError

HEADING = "## Corrections"
EVIDENCE = "## Evidence"
NONE = "None yet."
ITEM = re.compile(r"- \*\*(\d{4}-\d\d-\d\d)\.\*\* \S")
DATE = re.compile(r"^date: (\d{4}-\d\d-\d\d)$", re.MULTILINE)


def read(text: str, where: str, today: datetime.date | None = None) -> list[datetime.date]:
    """The dates of a post's corrections, newest first. SiteError names the line that is wrong and what to write."""
    lines = text.splitlines()
    start = _starts(lines)
    if not start:
        raise SiteError(f"{where}: has no '{HEADING}' as its last section; end the post with it, and with '{NONE}'")
    body = [(number, line) for number, line in enumerate(lines[start:], start + 1) if _of_list(line)]
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


def section(text: str) -> str:
    """The lines below the heading; "" where there is none."""
    lines = text.splitlines()
    start = _starts(lines)
    return "\n".join(filter(_of_list, lines[start:])) if start else ""


def _of_list(line: str) -> bool:
    """A block that ends the post is no correction."""
    return bool(line.strip()) and not line.startswith("///")


def _starts(lines: list[str]) -> int:
    """How many lines end with the heading of the list, which is the last of its level; 0 where there is none."""
    sections = [(at, line) for at, line in enumerate(lines, 1) if line.startswith("## ")]
    headings = [(at, line) for at, line in enumerate(lines, 1) if line.startswith(("## ", "### "))]
    wanted = f"#{HEADING}" if sections and sections[-1][1] == EVIDENCE else HEADING
    if not headings or headings[-1][1] != wanted or sum(line.lstrip("#") == HEADING[2:] for _, line in headings) != 1:
        return 0
    return headings[-1][0]


def check(root: Path, names: str = "[0-9]*.md") -> tuple[int, int]:
    """How many posts of these names end with such a list, and how many corrections are in them."""
    posts = sorted((root / "docs/posts").glob(names))
    dates = [read(post.read_text("utf-8"), f"docs/posts/{post.name}") for post in posts]
    return len(posts), sum(len(each) for each in dates)
