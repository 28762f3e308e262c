"""What a comparison is made of: a piece of a manifest, the lines at which a release has it, and the release itself."""

import functools
from dataclasses import dataclass, field
from pathlib import Path

from scripts.call_paths import call_path_lines
from scripts.common.errors import SiteError
from scripts.common.paths import ROOT
from scripts.quotes.excerpts import Resolver, digest_of
from scripts.quotes.manifest_tables import Excerpt
from scripts.sources.pins import Pin
from scripts.sources.python_symbols import Symbol, find
from scripts.sources.unpacked_sources import Sources

REMAINS = 0.3  # of a piece's lines: with fewer left inside its symbol, what was quoted is not there any more


@dataclass(frozen=True)
class Piece:
    """What is looked for: a symbol, or lines of one. `start` and `end` are an excerpt's from and to, `line` and `nth` a
    hop's; "" and 0 where there are none. `where` begins errors."""

    engine: str
    path: str
    symbol: str
    start: str = ""
    end: str = ""
    line: str = ""
    nth: int = 0
    where: str = ""

    @property
    def whole(self) -> bool:
        """Whether it is a symbol as a whole."""
        return not (self.start or self.end or self.line)


@dataclass(frozen=True)
class Place:
    """Lines of a release, numbered from 1. `lines` are the file's own, `text` the same without the symbol's margin."""

    path: str
    symbol: str
    first: int
    last: int
    lines: tuple[str, ...] = field(repr=False, default=())
    text: tuple[str, ...] = field(repr=False, default=())

    @property
    def digest(self) -> str:
        """As a manifest has it."""
        return digest_of(self.lines)

    def part(self, start: int, end: int) -> "Place":
        """The lines at indexes `start` to `end`, both counted from 0 and included."""
        within = slice(start, end + 1)
        return Place(
            self.path, self.symbol, self.first + start, self.first + end, self.lines[within], self.text[within]
        )

    def count(self, line: str) -> int:
        """How many of its lines read `line`, without their margin."""
        return sum(own.strip() == line for own in self.lines)


@dataclass(frozen=True)
class PieceInRelease:
    """A piece in a release that has it, located once: the symbol it lies in and its lines."""

    piece: Piece
    release: "Release"
    symbol: Symbol
    place: Place

    @functools.cached_property
    def body(self) -> Place:
        """The whole symbol."""
        return self.release.whole(self.piece.path, self.symbol)


class Release:
    """One release of one engine: its files, symbols and pieces."""

    def __init__(self, pin: Pin, root: Path = ROOT):
        self.pin = pin
        self.engine = pin.engine
        self.resolver = Resolver(Sources({pin.engine: pin}, root), root)
        self.sources, self.tables = self.resolver.sources, self.resolver.tables
        self._lines: dict[str, list[str]] = {}

    @property
    def listing(self) -> dict[str, str]:
        """Path -> sha256 of every Python file."""
        return self.sources.listing(self.engine)

    def text(self, path: str) -> str:
        """A file's text; with replacement characters where no Python can read it, for people still look at it."""
        try:
            return self.sources.text(self.engine, path)
        except SiteError:
            return self.sources.content(self.engine, path).decode("utf-8", "replace").replace("\r\n", "\n")

    def lines(self, path: str) -> list[str]:
        """A file's lines, as excerpts count them."""
        if path not in self._lines:
            self._lines[path] = self.text(path).split("\n")
        return self._lines[path]

    def symbols(self, path: str) -> tuple[Symbol, ...]:
        return self.tables.of(self.engine, path)

    def symbol(self, path: str, name: str) -> Symbol | None:
        """The one symbol a name means, or None."""
        if path not in self.listing:
            return None
        try:
            return find(self.symbols(path), name, path)
        except SiteError:
            return None

    def unreadable(self, path: str) -> str:
        """Why the symbols of a file that is there cannot be told; "" where they can, or where it is not there."""
        if path in self.listing:
            try:
                self.symbols(path)
            except SiteError as error:
                return str(error).removeprefix(f"{path}:").removesuffix("; quote another file")
        return ""

    def namesakes(self, path: str, name: str) -> list[Symbol]:
        """Every definition that a name may mean where it means no single one: both branches of an `if`, the one that
        is left of two. [] where there is none, or no file."""
        plain, _, which = name.replace(".<locals>", "").partition("#")
        if path not in self.listing:
            return []
        named = [symbol for symbol in self.symbols(path) if symbol.name == plain]
        return [symbol for symbol in named if not which or which.isdigit() or symbol.role == which]

    def place(self, path: str, symbol: Symbol, first: int, last: int) -> Place:
        """Lines first to last of a file, the margin that of the symbol around them."""
        lines = tuple(self.lines(path)[first - 1 : last])
        return Place(path, symbol.name, first, last, lines, dedented(lines, self.margin(path, symbol)))

    def whole(self, path: str, symbol: Symbol) -> Place:
        """Every line of a symbol, decorators included."""
        return self.place(path, symbol, symbol.first, symbol.last)

    def margin(self, path: str, symbol: Symbol) -> int:
        """How far the symbol's own first line is indented."""
        line = self.lines(path)[symbol.line - 1]
        return len(line) - len(line.lstrip())

    def locate(self, piece: Piece) -> Place:
        """The piece's lines, by its own path and name. Raises SiteError."""
        return self.holding(piece).place

    def holding(self, piece: Piece) -> PieceInRelease:
        """The piece by its own path and name. Raises SiteError where this release does not have it."""
        excerpt = Excerpt(piece.where, "", piece.engine, piece.path, piece.symbol, piece.start, piece.end)
        resolved = self.resolver.resolve(excerpt)
        first, last = resolved.first, resolved.last
        if piece.line:
            text = self.text(piece.path)
            first = last = call_path_lines.line_number(text, piece.line, piece.nth, first, last, piece.where)
        place = self.place(piece.path, resolved.symbol, first, last)
        return PieceInRelease(piece, self, resolved.symbol, place)


def dedented(lines: tuple[str, ...], margin: int) -> tuple[str, ...]:
    """The lines without `margin` leading blanks; what stands further left, as in a long string, is left as it is."""
    return tuple(line[margin:] if line[:margin].isspace() else line for line in lines)
