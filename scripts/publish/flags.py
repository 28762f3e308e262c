"""Flags of the engines in a page's text: none is broken at a hyphen, and a post's lead to their row among the knobs."""

import functools
import html
import re
from pathlib import Path

from scripts.publish import site_files
from scripts.publish.running_text import Piece, rewrite
from scripts.publish.terms import NOT_IN, POST, TO_ROOT

KNOBS = "reference/knobs/"  # below the site's root
DASHES = "--"  # what every flag has
# A flag, and the one value that is given to it.
FLAG = re.compile(r"(?<![\w-])--[a-z][a-z0-9]*(?:[-_.][a-z0-9]+)*")
WHOLE = re.compile(rf"<code>(?P<flag>{FLAG.pattern})(?P<value>[ =][^\s<]{{1,12}})?</code>")
LONGEST = 32  # characters that stay in one line; more do not fit into a cell on a phone
_ROW = re.compile(r'<tr id="(?P<anchor>knob-[\w-]+)".*?</tr>', re.S)
_OWN = re.compile(r'<code class="knob-flag">([^<]*)</code>')


def rows(knobs: str) -> dict[str, str]:
    """Flag -> the address of its row, from the HTML of the page of knobs."""
    found: dict[str, str] = {}
    for row in _ROW.finditer(knobs):
        for name in _OWN.findall(row[0]):
            for flag in FLAG.findall(html.unescape(name)):
                found.setdefault(flag, row["anchor"])
    return found


def _kept(flag: re.Match[str]) -> str:
    return f'<span class="flag">{flag[0]}</span>' if len(flag[0]) <= LONGEST else flag[0]


def unbroken(page: str) -> str:
    """The page with its flags kept in one line each."""
    return rewrite(page, _unbroken, DASHES)


def _unbroken(piece: Piece) -> str:
    if piece.is_code:
        whole = WHOLE.fullmatch(piece.html)
        if whole and len(whole["flag"] + (whole["value"] or "")) <= LONGEST:
            return piece.html.replace("<code>", '<code class="flag">', 1)
    return FLAG.sub(_kept, piece.html)


def linked(page: str, addresses: dict[str, str]) -> str:
    """A post's HTML with each flag kept in one line, and led to its knob where a section first names it."""
    done: set[tuple[str, str]] = set()

    def change(piece: Piece) -> str:
        whole = WHOLE.fullmatch(piece.html) if piece.is_code else None
        if whole is None or not piece.is_prose or piece.inside & NOT_IN:
            return _unbroken(piece)
        address, key = addresses.get(whole["flag"]), (piece.section, whole["flag"])
        if address is None or key in done:
            return _unbroken(piece)
        done.add(key)
        return f'<a class="knob" href="{TO_ROOT}{KNOBS}#{address}">{_unbroken(piece)}</a>'

    return rewrite(page, change, DASHES)


def publish(site: Path, root: Path) -> None:
    """Treats the flags of every page; `root` is not read."""
    pages = site_files.pages(site)
    knobs = site / KNOBS / "index.html"
    addresses = rows(pages[knobs]) if knobs in pages else {}
    known = tuple(addresses.items())
    after = {}
    for file, text in pages.items():
        is_post = POST.match(file.relative_to(site).as_posix())
        after[file] = _treated(text, known if is_post else None)
    site_files.write_changed(pages, after)


@functools.lru_cache(maxsize=site_files.KEPT)
def _treated(page: str, addresses: tuple[tuple[str, str], ...] | None) -> str:
    return unbroken(page) if addresses is None else linked(page, dict(addresses))
