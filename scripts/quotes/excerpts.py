"""Resolves excerpts in the pinned sources and checks them: `python -m scripts.quotes.excerpts` does it for all."""

import hashlib
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from experiments.formats.whole_file import write_whole
from scripts.common.errors import SiteError, run_cli
from scripts.common.paths import ROOT
from scripts.quotes import manifest as manifests
from scripts.quotes.manifest import Manifest
from scripts.quotes.manifest_tables import Excerpt, Note
from scripts.quotes.statement_ends import whole
from scripts.sources import python_text
from scripts.sources.pins import Pin
from scripts.sources.python_symbols import Symbol, Tables
from scripts.sources.unpacked_sources import Sources, open_sources

LONG = 60  # unfolded lines above which a reader is lost


@dataclass(frozen=True)
class PlacedNote:
    """A note and the pinned lines, first and last, that it speaks of."""

    note: Note
    first: int
    last: int


@dataclass(frozen=True)
class Resolved:
    """An excerpt with what it quotes. All line numbers are those of the pinned file, counted from 1.

    `lines` are the release's own, without line ends; `folds` are (first, last) pairs in order.
    `before` is the symbol's text above the excerpt, which highlighting may need to know it stands in a string.
    """

    excerpt: Excerpt
    pin: Pin
    symbol: Symbol
    first: int
    last: int
    lines: tuple[str, ...]
    folds: tuple[tuple[int, int], ...]
    notes: tuple[PlacedNote, ...]
    digest: str
    before: tuple[str, ...] = ()

    @property
    def breadcrumb(self) -> str:
        """`class Scheduler > schedule()`"""
        return self.symbol.breadcrumb

    @property
    def permalink(self) -> str:
        """The quoted lines in the engine's repository, at the pinned tag."""
        return self.pin.permalink(self.excerpt.path, self.first, self.last)

    @property
    def unfolded(self) -> int:
        """How many lines the page shows open."""
        return len(self.lines) - sum(last - first + 1 for first, last in self.folds)

    @property
    def warning(self) -> str:
        """One line for an excerpt that shows too much, else ""."""
        if self.unfolded <= LONG:
            return ""
        return f"{self.excerpt.where}: shows {self.unfolded} lines, over {LONG}; fold what does not decide"


class Resolver:
    """Resolves excerpts of one checkout, reading every pinned file and symbol table once."""

    def __init__(self, sources: Sources | None = None, root: Path = ROOT):
        self.sources = sources or open_sources(root)
        self.tables = Tables(self.sources)
        self._found: dict[Excerpt, Resolved] = {}

    def resolve(self, excerpt: Excerpt) -> Resolved:
        """Finds the excerpt's lines, folds and notes, leaving its digest unchecked. Raises SiteError.

        It is looked for once: the page, the ledger, the texts for a reader and a replay ask for the same one.
        """
        if excerpt not in self._found:
            self._found[excerpt] = self._resolved(excerpt)
        return self._found[excerpt]

    def _resolved(self, excerpt: Excerpt) -> Resolved:
        where = excerpt.where
        pin = self.sources.pin(excerpt.engine, where)
        text = self.sources.text(excerpt.engine, excerpt.path, where)
        symbol = self.tables.find(excerpt.engine, excerpt.path, excerpt.symbol, where)
        file_lines = python_text.lines(text)
        first, last = symbol.first, symbol.last
        if excerpt.start:
            first = _only_line(file_lines, excerpt.start, first, last, f"{where}: from", f"'{excerpt.symbol}'")
        if excerpt.end:
            after = first + 1 if excerpt.start else first
            last = _next_line(
                file_lines, excerpt.end, after, last, f"{where}: to", f"'{excerpt.symbol}' after its start"
            )
        of_symbol = file_lines[symbol.first - 1 : symbol.last]
        begins, ends = whole(of_symbol, first - symbol.first, last - symbol.first)
        first, last = symbol.first + begins, symbol.first + ends
        lines = file_lines[first - 1 : last]
        folds = _folds(excerpt, file_lines, first, last)
        notes = tuple(_place(note, lines, first, where) for note in excerpt.notes)
        return Resolved(
            excerpt,
            pin,
            symbol,
            first,
            last,
            lines,
            folds,
            notes,
            digest_of(lines),
            file_lines[symbol.first - 1 : first - 1],
        )

    def checked(self, excerpt: Excerpt) -> Resolved:
        """Resolves the excerpt and compares its text with the digest in the manifest. Raises SiteError."""
        resolved = self.resolve(excerpt)
        if not excerpt.digest:
            raise SiteError(f"{excerpt.where}: has no digest; run `make pin`, which shows the text and writes it")
        if excerpt.digest != resolved.digest:
            raise SiteError(
                f"{excerpt.where}: {excerpt.path}:{resolved.first} differs from the stored digest; "
                "run `make pin`, which shows the old and the new text"
            )
        remember(resolved, self.sources.root)
        return resolved

    def check(self, manifest: Manifest) -> list[Resolved]:
        """Every excerpt of a manifest, checked."""
        return [self.checked(excerpt) for excerpt in manifest.excerpts.values()]


def digest_of(lines: Iterable[str]) -> str:
    """ "sha256:..." of the quoted lines, each ended by a line feed, as UTF-8."""
    return "sha256:" + hashlib.sha256("".join(f"{line}\n" for line in lines).encode()).hexdigest()


def text_cache(digest: str, root: Path = ROOT) -> Path:
    """Where the text behind a digest is kept (ignored), so that `make pin` can show what a digest stood for."""
    return root / ".cache" / "excerpts" / f"{digest.removeprefix('sha256:')[:32]}.txt"


def remember(resolved: Resolved, root: Path = ROOT) -> None:
    """Keeps the text of a checked excerpt for a later `make pin`."""
    path = text_cache(resolved.digest, root)
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, "".join(f"{line}\n" for line in resolved.lines))


def unused(excerpt: Excerpt, page: str = "") -> str:
    """The line that says an excerpt is quoted nowhere, or not on `page`, its manifest's."""
    if not page:
        return f"{excerpt.where}: is used on no page; write '/// excerpt | {excerpt.id}', or remove it"
    return f"{excerpt.where} is not used on {page}; write '/// excerpt | {excerpt.id}' there, or remove it"


def _matches(lines: Sequence[str], text: str, first: int, last: int) -> list[int]:
    return [number for number in range(first, last + 1) if lines[number - 1].strip() == text.strip()]


def _only_line(lines: Sequence[str], text: str, first: int, last: int, where: str, inside: str) -> int:
    numbers = _matches(lines, text, first, last)
    if len(numbers) == 1:
        return numbers[0]
    if not numbers:
        raise SiteError(f"{where}: no line of {inside} reads '{text.strip()}'; write a whole line as it stands there")
    raise SiteError(
        f"{where}: '{text.strip()}' stands on lines {', '.join(map(str, numbers))} of {inside}; "
        "choose a line that stands there once"
    )


def _next_line(lines: Sequence[str], text: str, first: int, last: int, where: str, inside: str) -> int:
    numbers = _matches(lines, text, first, last)
    if not numbers:
        raise SiteError(f"{where}: no line of {inside} reads '{text.strip()}'; write a whole line as it stands there")
    return numbers[0]


def _folds(excerpt: Excerpt, lines: Sequence[str], first: int, last: int) -> tuple[tuple[int, int], ...]:
    folds: list[tuple[int, int]] = []
    for opening, closing in excerpt.folds:
        where = f"{excerpt.where}: fold"
        start = _only_line(lines, opening, first, last, where, "the excerpt")
        folds.append((start, _next_line(lines, closing, start, last, where, f"the excerpt from line {start} on")))
    folds.sort()
    for (_, before), (after, _) in zip(folds, folds[1:], strict=False):
        if after <= before:
            raise SiteError(f"{excerpt.where}: fold: two folds overlap at line {after}; make them one")
    return tuple(folds)


def _place(note: Note, lines: Sequence[str], first: int, where: str) -> PlacedNote:
    """Finds a note's place: a part of one line, or, where `at` has several lines, those lines."""
    place, length = place_of(note.at, lines, first, f"{where}: note '{note.id}'")
    return PlacedNote(note, place, place + length - 1)


def place_of(at: str, lines: Sequence[str], first: int, where: str) -> tuple[int, int]:
    """(number, how many lines) of the one place in an excerpt's lines that holds `at`. Raises SiteError."""
    parts = [line.strip() for line in at.strip().split("\n")]
    if len(parts) == 1:
        places = [index for index, line in enumerate(lines) for _ in range(line.count(parts[0]))]
    else:
        stripped = [line.strip() for line in lines]
        places = [index for index in range(len(lines)) if stripped[index : index + len(parts)] == parts]
    if len(places) != 1:
        numbers = ", ".join(str(first + index) for index in dict.fromkeys(places))
        problem = f"stands there {len(places)} times (lines {numbers})" if places else "is not in the excerpt"
        raise SiteError(f"{where}: '{parts[0]}' {problem}; give text that stands there once")
    return first + places[0], len(parts)


def check_all(root: Path = ROOT) -> list[Resolved]:
    """Every excerpt of every manifest, resolved and checked."""
    resolver = Resolver(root=root)
    return [excerpt for manifest in manifests.load_all(root).values() for excerpt in resolver.check(manifest)]


def main() -> None:
    started = time.monotonic()
    excerpts = check_all()
    for warning in filter(None, (excerpt.warning for excerpt in excerpts)):
        print(f"warning: {warning}")
    print(f"excerpts: {len(excerpts)} match their digests ({time.monotonic() - started:.2f} s)")


if __name__ == "__main__":
    run_cli(main)
