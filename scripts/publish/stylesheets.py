"""A page's style sheets in two files: one that every page has, one with what this kind of page has beside it.

Both are named by what they hold, so that a page never meets the sheet of another build. The theme's rules that match
nothing on this site are left out.
"""

import os
import re
from collections.abc import Callable, Iterable
from pathlib import Path

import tinycss2

from scripts.common.content_cache import Cache
from scripts.common.errors import SiteError
from scripts.publish import site_files, unused_rules
from scripts.publish.unused_rules import Used, without_unused, without_unused_properties

FOLDER = "assets/css"
THEME = "assets/stylesheets/"
LINK = re.compile(r'<link rel="?stylesheet"? href="?(?P<root>[^">\s]*?)(?P<path>assets/[^">\s]+\.css)"?>\s*')
PRINTED = re.compile(r'(<link rel="stylesheet" media="print" href="[^">]*?)(assets/[^">]+\.css)')
# A string is kept as it is, whatever stands in it.
_STRING = r"""("(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')"""
_PIECE = re.compile(_STRING + r"|(?:/\*.*?\*/|\s)+", re.S)
# Where a space says nothing. A colon keeps the one before it: `a :hover` is not `a:hover`.
_SPACED = re.compile(_STRING + r"|(?:;\s*(?=}))?\s*([{},;>~])\s*|(:)\s+|\s+(!)")
_URL = re.compile(r"""url\((["']?)(?!data:|#|/|\w+:)([^)"']+)\1\)""")
_ALONE = re.compile(r"\s*@charset[^;]*;", re.I)


def light(text: str) -> str:
    """The same rules without comments, line breaks and indents, which are for the source."""
    spaced = _PIECE.sub(lambda piece: piece[1] or " ", text).strip()
    return _SPACED.sub(lambda piece: piece[piece.lastindex or 0], spaced)


def publish(site: Path, root: Path) -> None:
    """Replaces the sheets that the pages link; of `root` the cache alone is read."""
    pages = site_files.pages(site)
    lists: dict[Path, list[str]] = {
        file: [match["path"] for match in LINK.finditer(text)] for file, text in pages.items()
    }
    common = _common([paths for paths in lists.values() if paths])
    texts = _texts(site, root, pages, dict.fromkeys(path for paths in lists.values() for path in paths))
    names: dict[tuple[str, ...], str] = {}
    for paths in lists.values():
        for name, several in (("site.css", common), ("page.css", tuple(paths[len(common) :]))):
            if several and several not in names:
                names[several] = _write(site, name, "".join(texts[path] for path in several))
    after = {}
    for file, text in pages.items():
        both = (common, tuple(lists[file][len(common) :])) if lists[file] else ()
        after[file] = _linked(text, [names[several] for several in both if several])
    for path in texts:
        (site / path).unlink()
    after = _with_paper(site, after)
    site_files.write_changed(pages, after)


def _with_paper(site: Path, pages: dict[Path, str]) -> dict[Path, str]:
    """The pages with the sheet for paper lightened and named by what it holds; it stays a file of its own."""
    names = {}
    for path in {match[2] for text in pages.values() for match in PRINTED.finditer(text)}:
        names[path] = _write(site, Path(path).name, light((site / path).read_text("utf-8")))
        (site / path).unlink()
    return {file: PRINTED.sub(lambda match: match[1] + names[match[2]], text) for file, text in pages.items()}


def _common(lists: list[list[str]]) -> tuple[str, ...]:
    """What all begin with: the order in which sheets stand decides between their rules."""
    return tuple(os.path.commonprefix(lists))


def _texts(site: Path, root: Path, pages: dict[Path, str], paths: Iterable[str]) -> dict[str, str]:
    texts = {}
    for path in paths:
        if not (site / path).is_file():
            raise SiteError(f"{path}: a page links this sheet, and the site has none; see extra_css in mkdocs.yml")
        texts[path] = _moved(_ALONE.sub("", (site / path).read_text("utf-8")), path)
    theme = {path: text for path, text in texts.items() if path.startswith(THEME)}
    if theme:
        scripts = [file.read_text("utf-8") for file in _page_scripts(site, pages)]
        used = Used.of(pages.values(), scripts)
        cache = Cache(root, "stylesheets")
        lean = {path: cache.get(_lean_key(text, used), _lean_of(text, used)).decode() for path, text in theme.items()}
        askers = [*pages.values(), *scripts, *(lean | {p: t for p, t in texts.items() if p not in theme}).values()]
        texts |= {path: without_unused_properties(text, askers) for path, text in lean.items()}
    return {path: light(text) for path, text in texts.items()}


def _lean_key(sheet: str, used: Used) -> list[bytes]:
    """All that the rest of a sheet depends on."""
    values = {name: sorted(several) for name, several in used.values.items()}
    return [
        Path(unused_rules.__file__).read_bytes(),
        tinycss2.__version__.encode(),
        sheet.encode(),
        *(" ".join(sorted(names)).encode() for names in (used.names, used.elements)),
        repr(sorted(values.items())).encode(),
    ]


def _lean_of(sheet: str, used: Used) -> Callable[[], bytes]:
    return lambda: without_unused(sheet, used).encode()


def _page_scripts(site: Path, pages: dict[Path, str]) -> list[Path]:
    named = {
        path for text in pages.values() for path in re.findall(r'<script[^>]*\ssrc="?[^">\s]*?(assets/[^">\s]+)', text)
    }
    # What a script fetches is put into pages by it: replays' steps.
    return [*(site / path for path in sorted(named)), *sorted((site / "data").rglob("replays/*.json"))]


def _moved(sheet: str, path: str) -> str:
    """The sheet's addresses as they are from FOLDER."""
    folder = os.path.dirname(path)
    return _URL.sub(lambda match: f'url("{os.path.relpath(os.path.join(folder, match[2]), FOLDER)}")', sheet)


def _write(site: Path, name: str, text: str) -> str:
    path = f"{FOLDER}/{site_files.hashed(name, text)}"
    (site / FOLDER).mkdir(parents=True, exist_ok=True)
    (site / path).write_text(text, "utf-8")
    return path


def _linked(page: str, paths: list[str]) -> str:
    """The page with links to `paths` where its first one was."""
    first = LINK.search(page)
    if first is None:
        return page
    links = "".join(f'<link rel="stylesheet" href="{first["root"]}{path}">' for path in paths)
    return page[: first.start()] + links + LINK.sub("", page[first.end() :])
