"""`python -m scripts.pages.changelog` writes CHANGELOG.md: what readers were told wrongly, and what is quoted when.

The corrections are those that end each post. A pin's line is written on the day on which this first sees another
version in snippets/pins.toml, and stays.
"""

import datetime
import re
from pathlib import Path

from experiments.formats.whole_file import write_whole
from scripts.common.errors import SiteError, run_cli
from scripts.common.paths import ROOT
from scripts.pages import corrections
from scripts.sources import pins

FILE = "CHANGELOG.md"
HEAD = """# Changes for readers

Made by `make changelog` from the corrections that end each post and from `snippets/pins.toml`; not edited by hand.
"""
PIN = re.compile(r"^- \*\*(\d{4}-\d\d-\d\d)\.\*\* The pages quote (.+)\.$", re.MULTILINE)
MARK = re.compile(r"\{(?:fixed|quoted): [^}]*\}")  # what a page hides as well


def entries(root: Path) -> list[tuple[str, str, str]]:
    """(date, post, text) of every correction, newest first, posts in order within a day."""
    lines = []
    for post in sorted((root / "docs/posts").glob("[0-9]*.md")):
        text = post.read_text("utf-8")
        if not corrections.read(text, f"docs/posts/{post.name}"):
            continue
        for item in re.split(r"\n(?=- )", "\n" + corrections.section(text))[1:]:
            words = " ".join(item.split())
            lines.append((words[4:14], f"Post {int(post.name[:2])}", MARK.sub("", words[len("- **2026-01-01.** ") :])))
    return sorted(lines, key=lambda line: line[0], reverse=True)


def pinned(root: Path, before: str, today: datetime.date) -> list[tuple[str, str]]:
    """(date, releases) of every pin so far, newest first; `before` is the file as it is."""
    known = PIN.findall(before)
    now = " and ".join(f"{pin.name} {pin.version}" for pin in pins.load(root).values())
    return known if known and known[0][1] == now else [(today.isoformat(), now), *known]


def text(root: Path, today: datetime.date) -> str:
    """The whole file."""
    try:
        before = (root / FILE).read_text("utf-8")
    except FileNotFoundError:
        before = ""
    days: dict[str, list[str]] = {}
    for date, post, words in entries(root):
        days.setdefault(date, []).append(f"- {post}: {words}")
    quoted = [f"- **{date}.** The pages quote {releases}." for date, releases in pinned(root, before, today)]
    parts = [HEAD, "## Pins\n", *quoted]
    for date, lines in days.items():
        parts += [f"\n## {date}\n", *lines]
    return "\n".join(parts) + "\n"


def check(root: Path, today: datetime.date | None = None) -> None:
    """Raises SiteError when CHANGELOG.md is not what the posts and pins make of it."""
    wanted = text(root, today or datetime.date.today())
    if not (root / FILE).is_file() or (root / FILE).read_text("utf-8") != wanted:
        raise SiteError(f"{FILE}: is not what the corrections and pins make of it; run `make changelog`")


def main() -> None:
    write_whole(ROOT / FILE, text(ROOT, datetime.date.today()))
    print(f"{FILE}: {len(entries(ROOT))} corrections")


if __name__ == "__main__":
    run_cli(main)
