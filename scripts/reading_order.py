"""The posts in reading order, from docs/posts/reading-order.toml: which are written, which are planned."""

import tomllib
from dataclasses import dataclass
from pathlib import Path

from scripts.errors import SiteError

FILE = "docs/posts/reading-order.toml"


@dataclass(frozen=True)
class Post:
    """One post. `notebook` and `page` are paths below docs/ ("" for one that is not there)."""

    slug: str
    title: str
    about: str
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
        entries = tomllib.loads((root / FILE).read_text("utf-8")).get("post", [])
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise SiteError(f"{FILE}: cannot be read ({error}); restore or correct it") from None
    shown = notebooks(root)
    posts = []
    for number, entry in enumerate(entries, 1):
        if set(entry) != {"slug", "title", "about"} or not str(entry.get("slug", "")).startswith(f"{number:02}-"):
            raise SiteError(f"{FILE}: post number {number}: needs slug, title and about, the slug starting '{number:02}-'; correct it")
        page = f"posts/{entry['slug']}.md"
        notebook = next((name for name in shown if name.startswith(f"experiments/{number:02}_")), "")
        posts.append(Post(**entry, page=page if (root / "docs" / page).is_file() else "", notebook=notebook))
    listed = {post.page for post in posts}
    for file in sorted((root / "docs/posts").glob("[0-9]*.md")):
        if f"posts/{file.name}" not in listed:
            raise SiteError(f"docs/posts/{file.name}: is in no place of the reading order; add it to {FILE} or rename it")
    return posts
