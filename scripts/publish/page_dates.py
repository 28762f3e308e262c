"""When a page was published and last changed, and which corrections it has had.

A post says so itself: front matter and corrections. Of any other page git knows when its file was last committed,
unless the clone is shallow, in which every file seems to be as old as the last commit; such a page has no date.
"""

import datetime
import re
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from scripts.publish.built_pages import BuiltPage


@dataclass(frozen=True)
class Correction:
    """What was said wrongly, and what is right, in plain words."""

    date: datetime.date
    text: str


def corrections(page: BuiltPage) -> list[Correction]:
    """The corrections that the built page lists, newest first."""
    if 'id="corrections"' not in page.text:
        return []
    article = page.article
    heading = article.css_first("h2#corrections, h3#corrections") if article is not None else None
    after = heading.next if heading is not None else None
    while after is not None and after.tag != "ul":
        if after.tag in ("h1", "h2", "h3"):
            return []
        after = after.next
    found = []
    for item in after.css("li") if after is not None else ():
        words = " ".join(item.text().split())
        if stated := re.match(r"(\d{4}-\d\d-\d\d)\. ?(.*)", words):
            found.append(Correction(datetime.date.fromisoformat(stated[1]), stated[2]))
    return found


def created(page: BuiltPage) -> datetime.date | None:
    """The day on which a post was published; None of a page that is no post."""
    return _in_front_matter(page, "created")


def changed(page: BuiltPage) -> datetime.date | None:
    """The day of the last change that a reader would see; None where nobody knows."""
    known = [_in_front_matter(page, "updated"), *(each.date for each in corrections(page)[:1])]
    dates = [date for date in known if date is not None]
    if dates:
        return max(dates)
    return _committed(page.root).get(page.source)


def _in_front_matter(page: BuiltPage, name: str) -> datetime.date | None:
    stated = page.meta.get("date")
    if isinstance(stated, dict):
        stated = stated.get(name) or stated.get("created")
    return stated if isinstance(stated, datetime.date) else None


def look_again() -> None:
    """Has git asked anew: another build may stand on another commit."""
    _committed.cache_clear()


@cache
def _committed(root: Path) -> dict[str, datetime.date]:
    """The day of the last commit of each page's file; empty in a shallow clone and without git."""
    head = _git(root, "rev-parse", "--is-shallow-repository", "HEAD").split()
    return _dates_at(root, head[1]) if len(head) == 2 and head[0] == "false" else {}


@cache  # a server that builds again and again asks only after a commit
def _dates_at(root: Path, commit: str) -> dict[str, datetime.date]:
    dates: dict[str, datetime.date] = {}
    listed = _git(
        root, "log", "--format=@%cs", "--name-only", "--relative", commit, "--", "docs/*.md", "experiments/*.ipynb"
    )
    date = datetime.date.min
    for line in filter(None, listed.split("\n")):
        if line.startswith("@"):
            date = datetime.date.fromisoformat(line[1:])
        else:
            dates.setdefault(line, date)
    return dates


def _git(root: Path, *arguments: str) -> str:
    try:
        done = subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return done.stdout if done.returncode == 0 else ""
