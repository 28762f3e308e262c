"""Where a quoted piece of one release is in another: same, moved, changed or gone.

- same: the same text at the same lines of the same file
- moved: the same text elsewhere: other lines, another symbol, another file
- changed: the symbol is there and its text is not, or code that is plainly its own lives on elsewhere, altered
- gone: neither

Text is the piece's lines with the margin of its symbol taken off: a method that became a function is the same text,
lines that came to stand below another `if` are not. Whatever was not found by its own path and name, but by what it
says, is a guess and is marked as one. In doubt a piece is changed: nobody loses by looking at it.
"""

from dataclasses import dataclass, field
from pathlib import Path

from scripts.common.errors import SiteError
from scripts.quotes import call_path_lines
from scripts.quotes.excerpts import Resolver, digest_of
from scripts.quotes.manifest import Excerpt
from scripts.sources.pins import ROOT, Pin
from scripts.sources.python_symbols import Symbol, find
from scripts.sources.unpacked_sources import Sources

STATES = ("same", "moved", "changed", "gone")
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
    lines: tuple = field(repr=False, default=())
    text: tuple = field(repr=False, default=())

    @property
    def digest(self) -> str:
        """As a manifest has it."""
        return digest_of(self.lines)


@dataclass(frozen=True)
class Found:
    """What became of a piece. `now` is None for one that is gone; `guess`: found by what it says, not by its name."""

    state: str
    then: Place
    now: Place | None = None
    guess: bool = False
    remark: str = ""


class Release:
    """One release of one engine: its files, symbols and pieces."""

    def __init__(self, pin: Pin, root: Path = ROOT):
        self.pin = pin
        self.engine = pin.engine
        self.resolver = Resolver(Sources({pin.engine: pin}, root), root)
        self.sources, self.tables = self.resolver.sources, self.resolver.tables
        self._lines: dict[str, list] = {}

    @property
    def listing(self) -> dict[str, str]:
        """Path -> sha256 of every Python file."""
        return self.sources.listing(self.engine)

    def text(self, path: str) -> str:
        return self.sources.text(self.engine, path)

    def lines(self, path: str) -> list[str]:
        """A file's lines, as excerpts count them."""
        if path not in self._lines:
            self._lines[path] = self.text(path).replace("\r\n", "\n").split("\n")
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

    def place(self, path: str, symbol: Symbol, first: int, last: int) -> Place:
        """Lines first to last of a file, the margin that of the symbol around them."""
        lines = self.lines(path)[first - 1 : last]
        return Place(path, symbol.name, first, last, tuple(lines), dedented(lines, self.margin(path, symbol)))

    def margin(self, path: str, symbol: Symbol) -> int:
        """How far the symbol's own first line is indented."""
        line = self.lines(path)[symbol.line - 1]
        return len(line) - len(line.lstrip())

    def locate(self, piece: Piece) -> Place:
        """The piece by its own path and name. Raises SiteError."""
        excerpt = Excerpt(piece.where, "", piece.engine, piece.path, piece.symbol, piece.start, piece.end)
        found = self.resolver.resolve(excerpt)
        first, last = found.first, found.last
        if piece.line:
            text = self.text(piece.path)
            first = last = call_path_lines.line_number(text, piece.line, piece.nth, first, last, piece.where)
        return self.place(piece.path, found.symbol, first, last)


def dedented(lines, margin: int) -> tuple:
    """The lines without `margin` leading blanks; what stands further left, as in a long string, is left as it is."""
    return tuple(line[margin:] if line[:margin].isspace() else line for line in lines)


def classify(piece: Piece, old: Release, new: Release) -> Found:
    """What became of a piece of `old` in `new`. Raises SiteError when `old` itself does not have it."""
    from scripts.drift import similarity

    then = old.locate(piece)
    symbol = new.symbol(piece.path, piece.symbol)
    if symbol is not None:
        found = _at_home(piece, then, old, new, symbol)
        if found.state in ("same", "moved") or piece.whole:
            return found
        return (
            similarity.moved_text(piece, then, old, new)
            or _lines_left(found)
            or similarity.altered(piece, then, old, new, "taken out of its function")
        )
    return similarity.moved_text(piece, then, old, new) or similarity.altered(piece, then, old, new)


def _at_home(piece: Piece, then: Place, old: Release, new: Release, symbol: Symbol) -> Found:
    """Same, moved or changed, inside the symbol of the same name in the same file."""
    try:
        now = new.locate(piece)
    except SiteError:
        now = None
    if piece.line and _count(piece, old) != _count(piece, new):
        # Which of several lines that read alike is meant cannot be told once their number differs.
        return Found("changed", then, _region(then, new, symbol), remark="stands there another number of times")
    if now is None or now.text != then.text:
        now = _block(then, old, new, symbol) or now
    if now is None or now.text != then.text:
        whole = new.place(piece.path, symbol, symbol.first, symbol.last)
        return Found("changed", then, whole if piece.whole else now or _region(then, new, symbol))
    alike = (now.first, now.last) == (then.first, then.last)
    return Found("same" if alike else "moved", then, now)


def _count(piece: Piece, release: Release) -> int:
    symbol = release.symbol(piece.path, piece.symbol)
    return sum(line.strip() == piece.line for line in release.lines(piece.path)[symbol.first - 1 : symbol.last])


def occurrences(block: tuple, lines) -> list[int]:
    """The indexes at which `block` stands in `lines`."""
    lines, size = tuple(lines), len(block)
    return [at for at in range(len(lines) - size + 1) if lines[at] == block[0] and lines[at : at + size] == block]


def _block(then: Place, old: Release, new: Release, symbol: Symbol) -> Place | None:
    """The piece's text inside its own symbol, where from and to no longer lead to it; once in both releases."""
    before = old.symbol(then.path, symbol.name)
    counts = []
    for release, each in ((old, before), (new, symbol)):
        whole = release.place(then.path, each, each.first, each.last)
        counts.append(occurrences(then.text, whole.text))
    if [len(each) for each in counts] != [1, 1]:
        return None
    first = symbol.first + counts[1][0]
    return new.place(then.path, symbol, first, first + len(then.text) - 1)


def _region(then: Place, new: Release, symbol: Symbol) -> Place:
    """The stretch of a symbol that has most to do with the piece."""
    from scripts.drift.similarity import stretch

    whole = new.place(then.path, symbol, symbol.first, symbol.last)
    found = stretch(then.text, whole.text)
    if found is None:
        return whole
    return new.place(then.path, symbol, symbol.first + found[0], symbol.first + found[1])


def _lines_left(found: Found) -> Found | None:
    """The finding, unless hardly a line of the piece is left inside its symbol."""
    from scripts.drift.similarity import share_left

    return found if found.now and share_left(found.then.text, found.now.text) >= REMAINS else None
