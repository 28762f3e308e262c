"""Where a quoted piece of one release is in another: same, moved, changed or gone.

- same: the same text at the same lines of the same file
- moved: the same text elsewhere: other lines, another symbol, another file
- changed: the symbol is there and its text is not, or code that is plainly its own lives on elsewhere, altered
- gone: neither

Text is the piece's lines with the margin of its symbol taken off: a method that became a function is the same text,
lines that came to stand below another `if` are not. Whatever was not found by its own path and name, but by what it
says, is a guess and is marked as one. In doubt a piece is changed: nobody loses by looking at it. So it is where its
symbol is defined twice, or where its file cannot be read.
"""

from dataclasses import dataclass

from scripts.common.errors import SiteError
from scripts.drift import similarity
from scripts.drift.release import REMAINS, Piece, PieceInRelease, Place, Release, dedented
from scripts.sources.python_symbols import Symbol

STATES = ("same", "moved", "changed", "gone")


@dataclass(frozen=True)
class Outcome:
    """What became of a piece. `now` is None for one that is gone; `guess`: found by what it says, not by its name."""

    state: str
    then: Place
    now: Place | None = None
    guess: bool = False
    remark: str = ""


def classify(piece: Piece, old: Release, new: Release) -> Outcome:
    """What became of a piece of `old` in `new`. Raises SiteError when `old` itself does not have it."""
    then = old.holding(piece)
    if why := new.unreadable(piece.path):
        return _unreadable(then, new, piece.path, why)
    symbol = new.symbol(piece.path, piece.symbol)
    if symbol is None:
        if several := new.namesakes(piece.path, piece.symbol):
            return _several(then, new, several)
        return _moved(then, new) or _altered(then, new)
    at_home = _at_home(then, new, symbol)
    if at_home.state in ("same", "moved") or piece.whole:
        return at_home
    if moved := _moved(then, new):
        return moved
    if at_home.now and similarity.share_left(at_home.then.text, at_home.now.text) >= REMAINS:
        return at_home
    # Hardly a line of it is left inside its symbol.
    return _altered(then, new, "taken out of its function")


def _at_home(then: PieceInRelease, new: Release, symbol: Symbol) -> Outcome:
    """Same, moved or changed, inside the symbol of the same name in the same file."""
    piece, place = then.piece, then.place
    whole = new.whole(piece.path, symbol)
    now: Place | None = None
    try:
        now = new.locate(piece)
    except SiteError:
        pass
    if piece.line and then.body.count(piece.line) != whole.count(piece.line):
        # Which of several lines that read alike is meant cannot be told once their number differs.
        return Outcome("changed", place, _region(place, whole), remark="stands there another number of times")
    if now is None or now.text != place.text:
        now = _block(then, whole) or now
    if now is None or now.text != place.text:
        return Outcome("changed", place, whole if piece.whole else now or _region(place, whole))
    alike = (now.first, now.last) == (place.first, place.last)
    return Outcome("same" if alike else "moved", place, now)


def _block(then: PieceInRelease, whole: Place) -> Place | None:
    """The piece's text inside its own symbol, where from and to no longer lead to it; once in both releases."""
    text = then.place.text
    indexes = [
        at for at in similarity.occurrences(text, whole.text) if similarity.as_open(then.piece, at, len(text), whole)
    ]
    if len(indexes) != 1 or len(similarity.occurrences(text, then.body.text)) != 1:
        return None
    return whole.part(indexes[0], indexes[0] + len(text) - 1)


def _several(then: PieceInRelease, new: Release, symbols: list[Symbol]) -> Outcome:
    """Changed: the name is there and says no longer which definition is meant. The likest, or the last, is shown."""
    times = "once" if len(symbols) == 1 else f"{len(symbols)} times"

    def likeness(each: tuple[int, Place]) -> tuple[float, int]:
        return similarity.share_left(then.place.text, each[1].text), each[0]

    _, whole = max(((at, new.whole(then.piece.path, symbol)) for at, symbol in enumerate(symbols, 1)), key=likeness)
    now = whole if then.piece.whole else _region(then.place, whole)
    return Outcome("changed", then.place, now, remark=f"its name is defined {times} there")


def _unreadable(then: PieceInRelease, new: Release, path: str, why: str, guess: bool = False) -> Outcome:
    """Changed: in a file of which nobody can say what it defines. The lines that have most of it are shown."""
    lines = tuple(new.lines(path))
    text = dedented(lines, then.release.margin(then.piece.path, then.symbol))
    file = Place(path, then.place.symbol, 1, len(lines), lines, text)
    now = _region(then.place, file)
    if now is file:
        now = file.part(0, 0)
    return Outcome("changed", then.place, now, guess, f"its file cannot be read, line {why}")


def _region(place: Place, whole: Place) -> Place:
    """The stretch of a symbol that has most to do with the piece."""
    bounds = similarity.stretch(place.text, whole.text)
    return whole if bounds is None else whole.part(*bounds)


def _moved(then: PieceInRelease, new: Release) -> Outcome | None:
    """The piece's very text at one new place. It is a guess: text has no name."""
    now = similarity.moved_text(then, new)
    return None if now is None else Outcome("moved", then.place, now, guess=True)


def _altered(then: PieceInRelease, new: Release, why_gone: str = "") -> Outcome:
    """Changed, with the most likely new place, or gone with the remark `why_gone`."""
    now = similarity.altered_text(then, new)
    if now is None and (hidden := similarity.unreadable_holder(then, new)):
        return _unreadable(then, new, hidden, new.unreadable(hidden), guess=True)
    if now is None:
        return Outcome("gone", then.place, remark=why_gone)
    remark = ""
    if then.piece.whole:
        if similarity.only_renamed(then.place, now):
            remark = "only its name differs"
    elif now.text == then.place.text:
        # In doubt it is changed, also where the very words stand there: what is around them does not.
        remark = "the same words, in a function that changed"
    return Outcome("changed", then.place, now, guess=True, remark=remark)
