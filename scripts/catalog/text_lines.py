"""Which lines each note, hop's words, replay's words or mark was written for, by its id: snippets/text-lines.toml.

Nobody may have confirmed a text as yet; it says something of its lines all the same. Where it stands at others, because
it was moved, its words were exchanged with another's or its excerpt changed, it is to be read again. `make pin` keeps
the digests of new texts and of new words at the same lines, and takes out those of texts that are gone; `make review
CONFIRM=...` keeps that of a text which somebody has read beside its lines of now.
"""

from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from experiments.formats.whole_file import write_whole
from scripts.catalog.reader_texts import VALUES, ReaderText
from scripts.common import toml_tables
from scripts.common.errors import SiteError
from scripts.common.paths import ROOT

FILE = "snippets/text-lines.toml"
NAMED = 3  # texts without a digest that are named
_HEAD = """\
# The lines that each note, hop's words, replay's words and mark was written for, as a digest, and one of its words.
# `make pin` writes them, `make review CONFIRM=ID BY=your-handle` those of a text at other lines; nobody does by hand.
"""
_Digests = dict[str, Annotated[str, Meta(pattern=r"^[0-9a-f]{12} [0-9a-f]{12}\Z")]]


def load(root: Path = ROOT) -> dict[str, str]:
    """ "LINES WORDS", two digests, by the texts' ids; none without a file. Raises SiteError for what does not fit."""
    file = root / FILE
    raw = toml_tables.parse(file.read_text("utf-8"), FILE) if file.is_file() else {}
    try:
        return msgspec.convert(raw, _Digests)
    except msgspec.ValidationError:
        wrong = next(name for name, value in raw.items() if not _fits({name: value}))
        raise SiteError(
            f"{FILE}: {wrong}: is no two digests of 12 digits; restore them, or remove the line: make pin"
        ) from None


def faults(
    kept: dict[str, str], texts: Iterable[ReaderText], confirmed: Collection[str] = (), post: str | None = None
) -> list[str]:
    """A line for each text that stands at other lines than it was written for, but for those `confirmed`, of which the
    review tells; one for each manifest with texts that have no digest, and one for each digest of no text. With `post`
    only of that post's."""
    lines: list[str] = []
    new: dict[str, list[str]] = {}
    known = set()
    written = _written(kept)
    for text in _spoken(texts):
        known.add(text.id)
        if text.id not in kept:
            new.setdefault(text.manifest, []).append(text.id)
        elif text.lines and text.id not in confirmed and (moved := _moved(text, kept[text.id], written)):
            lines.append(
                f"{text.manifest}: {text.id}: {moved}, now at {text.lines.at}: {_first(text)!r}; move it back, or read "
                f"it there: make review CONFIRM={text.id} BY=your-handle"
            )
    for manifest, names in new.items():
        some = ", ".join(names[:NAMED]) + (" ..." if len(names) > NAMED else "")
        lines.append(f"{manifest}: {FILE} has no digest of the lines of {len(names)} texts ({some}): make pin")
    gone = [name for name in kept if name not in known and (post is None or name.startswith(f"{post}/"))]
    return lines + [f"{FILE}: {name}: no text is called so; make pin takes it out" for name in gone]


def keep(texts: Sequence[ReaderText], root: Path = ROOT, again: Collection[str] = ()) -> tuple[int, int]:
    """Writes the digests of texts that have none, and of those in `again`; takes out those of texts that are gone.
    Returns (written, taken out). What a text was written for is not replaced otherwise."""
    kept, known = load(root), {text.id: text for text in _spoken(texts)}
    written = _written(kept)
    now = {id: digests for id, digests in kept.items() if id in known}
    for id, text in known.items():
        if text.lines and (id in again or id not in kept or not _moved(text, kept[id], written)):
            words, lines = text.digests
            now[id] = f"{lines} {words}"
    if now != kept:
        rows = [f'"{id}" = "{digests}"\n' for id, digests in sorted(now.items())]
        write_whole(root / FILE, _HEAD + "".join(rows))
    return sum(kept.get(id) != digests for id, digests in now.items()), len(kept.keys() - known.keys())


def _written(kept: dict[str, str]) -> dict[str, dict[str, str]]:
    """Words -> the lines they were written for, with the id of each, all but the last as digests."""
    found: dict[str, dict[str, str]] = {}
    for id, digests in kept.items():
        lines, words = digests.split()
        found.setdefault(words, {})[lines] = id
    return found


def _moved(text: ReaderText, kept: str, written: dict[str, dict[str, str]]) -> str:
    """What is wrong with the place of a text, or ""."""
    words, lines = text.digests
    if kept.split()[0] != lines:
        return "stands at other lines than it was written for"
    if words in written and lines not in written[words]:
        return f"has the words of {next(iter(written[words].values()))}, which were written for other lines"
    return ""


def _spoken(texts: Iterable[ReaderText]) -> list[ReaderText]:
    """Those that speak of lines; a sentence with values speaks of its claims."""
    return [text for text in texts if text.kind != VALUES]


def _first(text: ReaderText) -> str:
    """The first of the lines that a text stands at now, as it is shown."""
    shown = text.lines.shown if text.lines else ()
    line = next((line for line in shown if line.startswith(">")), next(iter(shown), ""))
    return " ".join(line.lstrip("> 0123456789").split())[:60]


def _fits(raw: dict) -> bool:
    try:
        msgspec.convert(raw, _Digests)
    except msgspec.ValidationError:
        return False
    return True
