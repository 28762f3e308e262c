"""The posts in reading order, from docs/posts/reading-order.toml: which are written, which are planned."""

import datetime
import re
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

from msgspec import structs

from scripts.common import toml_tables
from scripts.common.errors import SiteError
from scripts.common.toml_tables import Table, Text

FILE = "docs/posts/reading-order.toml"


class Post(Table, frozen=True):
    """One post. `notebook` and `page` are paths below docs/ ("" for one that is not there)."""

    KIND, NAME = "post", "slug"
    slug: Text
    title: Text
    about: Text
    page: str
    notebook: str

    @property
    def number(self) -> str:
        return self.slug[:2]


def notebooks(root: Path) -> dict[str, Path]:
    """The experiments' notebooks by the path below docs/ at which they are shown."""
    return {f"experiments/{file.name}": file for file in sorted((root / "experiments").glob("[0-9][0-9]_*.ipynb"))}


def load(root: Path) -> list[Post]:
    """Every post, in order. Raises SiteError for a file that is not as it should be, or a page it does not know."""
    try:
        text = (root / FILE).read_text("utf-8")
    except OSError as error:
        raise SiteError(f"{FILE}: cannot be read ({error}); restore or correct it") from None
    tables = toml_tables.parse(text, FILE)
    if set(tables) - {"post"} or not isinstance(tables.get("post", []), list):
        raise SiteError(f"{FILE}: holds [[post]] alone; correct {', '.join(tables)}")
    shown = notebooks(root)
    posts = []
    for number, entry in enumerate(toml_tables.read_each(tables.get("post", []), Post, FILE, page="", notebook=""), 1):
        if not entry.slug.startswith(f"{number:02}-"):
            raise SiteError(
                f"{FILE}: post number {number}: needs slug ('{number:02}-...'), title and about; correct it"
            )
        page = f"posts/{entry.slug}.md"
        notebook = next((name for name in shown if name.startswith(f"experiments/{number:02}_")), "")
        page = page if (root / "docs" / page).is_file() else ""
        posts.append(structs.replace(entry, page=page, notebook=notebook))
    listed = {post.page for post in posts}
    for file in sorted((root / "docs/posts").glob("[0-9]*.md")):
        if f"posts/{file.name}" not in listed:
            raise SiteError(
                f"docs/posts/{file.name}: is in no place of the reading order; add it to {FILE} or rename it"
            )
    return posts


def is_post(page: str) -> bool:
    """Whether a path below docs/ is a post's."""
    return re.fullmatch(r"posts/\d.*\.md", page) is not None


def check_meta(meta: MutableMapping[str, Any], where: str) -> None:
    """Completes a post's front matter: `date: 2026-11-23` is `date.created`, and `date.updated` until the post changes.

    Raises SiteError for a post that the feed cannot date or describe.
    """
    for key in ("title", "description"):
        if not isinstance(meta.get(key), str) or not meta[key].strip():
            raise SiteError(f"{where}: front matter has no {key}; write '{key}: ...' there")
    dates = meta.get("date")
    if isinstance(dates, datetime.date):
        dates = meta["date"] = {"created": dates}
    if not isinstance(dates, dict) or not isinstance(dates.get("created"), datetime.date):
        raise SiteError(f"{where}: front matter has no date; write 'date: 2026-11-23', the day it was published")
    dates.setdefault("updated", dates["created"])
    if not isinstance(dates["updated"], datetime.date) or dates["updated"] < dates["created"]:
        raise SiteError(f"{where}: date.updated is no date on or after date.created; correct it")
