"""Finding a piece in another release by what it says, where its path and name no longer lead to it.

Only files that differ between the two releases, or are new, can have taken something in; and what stood in a place
before did not move there.
"""

import difflib
import re

from scripts.common.errors import SiteError
from scripts.drift.release import REMAINS, Piece, PieceInRelease, Place, Release

TELLING = (3, 60)  # lines that are not blank, or signs in them: with fewer, equal text says nothing
NAMESAKE, SAME_CLASS, RENAMED = 0.5, 0.3, 0.55  # how alike: another class's method; the same full name; another name
HELD = 0.5  # of a piece's lines, to be found in a function that did not have them
CANDIDATES = 6  # files that are read as Python for one piece
LINES_SOUGHT = 12  # of a piece's lines, the longest, by which those files are chosen
EDGE = 3  # lines
LONG = 4_000_000  # pairs of words of two texts, above which they are compared by lines


def moved_text(then: PieceInRelease, new: Release) -> Place | None:
    """The one new place of the piece's very text, or None."""
    piece, place = then.piece, then.place
    # A function that went elsewhere as it was took its lines along, be they too short to be told by themselves.
    if not piece.whole and new.symbol(piece.path, piece.symbol) is None:
        body = _sole_new_place(then, then.body, new, whole=True)
        if body is not None:
            return body.part(place.first - then.body.first, place.last - then.body.first)
    return None if piece.line else _sole_new_place(then, place, new, piece.whole)


def _sole_new_place(then: PieceInRelease, sought: Place, new: Release, whole: bool) -> Place | None:
    """The one place in `new` that has the text of `sought`, in a symbol that did not have it; None without or with
    several. `whole`: as the whole of a symbol."""
    if not _telling(sought.text):
        return None
    piece = then.piece
    places: list[Place] = []
    needle = max((line.strip() for line in sought.text), key=len)
    for path in newer_files(then.release, new):
        if needle in new.text(path):
            earlier = {place.symbol for place in _standing(piece, sought, then.release, path, whole)}
            places += [place for place in _standing(piece, sought, new, path, whole) if place.symbol not in earlier]
    if len(places) > 1:
        places = [place for place in places if _last(place.symbol) == _last(sought.symbol)]
    return places[0] if len(places) == 1 else None


def newer_files(old: Release, new: Release) -> list[str]:
    """The files of `new` that `old` does not have as they are, in path order."""
    before = old.listing
    return [path for path, digest in sorted(new.listing.items()) if before.get(path) != digest]


def _standing(piece: Piece, sought: Place, release: Release, path: str, whole: bool) -> list[Place]:
    """Where the text of `sought` stands in a file, inside some symbol, as deep as in its own."""
    if path not in release.listing:
        return []
    try:
        symbols = release.symbols(path)
    except SiteError:
        return []  # a template that is no Python
    places: dict[int, Place] = {}  # by first line
    length = len(sought.text)
    for symbol in reversed(symbols):  # what lies inside comes after what it lies in
        size = symbol.last - symbol.first + 1
        if size != length if whole else size < length or symbol.kinds[-1] == "assignment":
            continue
        body = release.whole(path, symbol)
        for at in occurrences(sought.text, body.text):
            if whole or as_open(piece, at, length, body):
                places.setdefault(symbol.first + at, body.part(at, at + length - 1))
    return list(places.values())


def altered_text(then: PieceInRelease, new: Release) -> Place | None:
    """The most likely new place of a piece whose text is nowhere as it was, or None."""
    piece, old = then.piece, then.release
    best: Place | None = None
    score = 0.0
    for path in _likely_files(then.place, old, new):
        for symbol in new.symbols(path):
            if symbol.kinds[-1] != then.symbol.kinds[-1]:
                continue
            before, body = old.symbol(path, symbol.name), new.whole(path, symbol)
            least = _least(then.place.symbol, symbol.name)
            if piece.whole:
                alike = 0.0 if before else ratio(then.place.text, body.text, least)
            else:
                body_before = old.whole(path, before) if before else None
                alike, least = _taken_in(then, body_before, body, least), REMAINS
            # Of two functions that hold the lines, one inside the other, the inner one.
            if alike >= least and (alike, -len(body.lines)) > (score, -len(best.lines) if best else 0):
                best, score = body, alike
    if best is None or piece.whole:
        return best
    bounds = stretch(then.place.text, best.text)
    return best if bounds is None else best.part(*bounds)


def _taken_in(then: PieceInRelease, before: Place | None, now: Place, least: float) -> float:
    """The share of a piece's lines that a function has and did not have before; 0 where it is too small to be believed.

    `before` is what `now` was. In a function that is like the piece's own as a whole, a smaller share is enough.
    """
    text = then.place.text
    there = {line.strip() for line in now.text}
    if sum(line.strip() in there for line in text) < REMAINS * len(text) / 2:
        return 0.0  # quicker to see than the lines' order
    held = share_left(text, now.text)
    if before is not None:
        return held if held >= HELD and share_left(text, before.text) < HELD / 2 else 0.0
    if REMAINS <= held < HELD and ratio(then.body.text, now.text, least) < least:
        return 0.0
    return held if held >= REMAINS else 0.0


def as_open(piece: Piece, at: int, length: int, body: Place) -> bool:
    """Whether lines at index `at` of a symbol begin and end where the piece asks for it: one without a first or last
    line of its own goes to its symbol's, so that what was put before or behind it is a part of it."""
    begins = bool(piece.start or piece.line) or at == 0
    return begins and (bool(piece.end or piece.line) or at + length == len(body.text))


def unreadable_holder(then: PieceInRelease, new: Release) -> str:
    """A file that cannot be read, differs, and has the piece's lines, HELD of them; "" without one."""
    if not _telling(then.place.text):
        return ""
    lines = _longest(then.place.text)
    for path in newer_files(then.release, new):
        text = new.text(path)
        if lines and sum(line in text for line in lines) >= HELD * len(lines) and new.unreadable(path):
            return path
    return ""


def occurrences(block: tuple[str, ...], lines: tuple[str, ...]) -> list[int]:
    """The indexes at which `block` stands in `lines`."""
    size = len(block)
    return [at for at in range(len(lines) - size + 1) if lines[at] == block[0] and lines[at : at + size] == block]


def _least(before: str, after: str) -> float:
    if before == after:
        return SAME_CLASS
    return NAMESAKE if _last(before) == _last(after) else RENAMED


def _likely_files(place: Place, old: Release, new: Release) -> list[str]:
    """The piece's own file, those that define its name, and those with most of its lines."""
    name = _last(place.symbol)
    word = re.escape(name)
    defines = re.compile(rf"^[ \t]*(?:async def|def|class) {word}\b|^[ \t]*{word}[ \t]*[:=]", re.M)
    lines = _longest(place.text)
    scored = []
    for path in newer_files(old, new):
        text = new.text(path)
        held = sum([line in text for line in lines]) / len(lines) if lines else 0
        named = name in text and bool(defines.search(text))
        if path == place.path or named or held >= 0.4:
            scored.append((path == place.path, named, held, path))
    likely = [path for *_, path in sorted(scored, reverse=True)[:CANDIDATES]]
    return [path for path in likely if _parses(new, path)]


def _longest(text: tuple[str, ...]) -> list[str]:
    """The lines by which a file is chosen that may have them."""
    return sorted({line.strip() for line in text if len(line.strip()) > 15}, key=len)[-LINES_SOUGHT:]


def _parses(release: Release, path: str) -> bool:
    try:
        return bool(release.symbols(path))
    except SiteError:
        return False


def ratio(before: tuple[str, ...], after: tuple[str, ...], least: float = 0.0) -> float:
    """How alike two texts are, 0 to 1, by words and signs in their order; 0 where it cannot reach `least`."""
    a, b = (re.findall(r"\w+|[^\w\s]", "\n".join(text)) for text in (before, after))
    if len(a) * len(b) > LONG:
        a, b = ([line.strip() for line in text] for text in (before, after))  # by lines: the other takes too long
    matcher = difflib.SequenceMatcher(None, a, b, autojunk=False)
    if matcher.real_quick_ratio() < least or matcher.quick_ratio() < least:
        return 0.0
    return matcher.ratio()


def shared(before: tuple[str, ...], after: tuple[str, ...]) -> list[int]:
    """The indexes in `after` of lines that it has in common with `before`, in order; blank lines aside."""
    a, b = [line.strip() for line in before], [line.strip() for line in after]
    blocks = difflib.SequenceMatcher(None, a, b, autojunk=False).get_matching_blocks()
    return [block.b + at for block in blocks for at in range(block.size) if b[block.b + at]]


def stretch(before: tuple[str, ...], after: tuple[str, ...]) -> tuple[int, int] | None:
    """First and last index of what has become of `before` inside `after`: from the first to the last line they share,
    and as many more at either end as were not found there, at most EDGE. None where they share none."""
    a, b = [line.strip() for line in before], [line.strip() for line in after]
    blocks = difflib.SequenceMatcher(None, a, b, autojunk=False).get_matching_blocks()
    pairs = [(one.a + at, one.b + at) for one in blocks for at in range(one.size) if a[one.a + at]]
    if not pairs:
        return None
    (lead, first), (end, last) = pairs[0], pairs[-1]
    return max(0, first - min(lead, EDGE)), min(len(after) - 1, last + min(len(before) - 1 - end, EDGE))


def share_left(before: tuple[str, ...], after: tuple[str, ...]) -> float:
    """The share of the lines of `before`, blank ones aside, that `after` still has in order."""
    return len(shared(before, after)) / max(1, sum(bool(line.strip()) for line in before))


def only_renamed(then: Place, now: Place) -> bool:
    """Whether a symbol's text differs in nothing but the symbol's own name."""
    name = re.compile(rf"\b(?:{re.escape(_last(then.symbol))}|{re.escape(_last(now.symbol))})\b")
    return [name.sub("", line) for line in then.text] == [name.sub("", line) for line in now.text]


def _telling(text: tuple[str, ...]) -> bool:
    lines = [line.strip() for line in text if line.strip()]
    return len(lines) >= TELLING[0] or sum(map(len, lines)) >= TELLING[1]


def _last(symbol: str) -> str:
    return symbol.rsplit(".", 1)[-1]
