"""Finding a piece in another release by what it says, where its path and name no longer lead to it.

Only files that differ between the two releases, or are new, can have taken something in; and what stood in a place
before did not move there.
"""

import difflib
import re

from scripts.common.errors import SiteError
from scripts.drift.classify import REMAINS, Found, Piece, Place, Release, occurrences

TELLING = (3, 60)  # lines that are not blank, or signs in them: with fewer, equal text says nothing
NAMESAKE, SAME_CLASS, RENAMED = 0.5, 0.3, 0.55  # how alike: another class's method; the same full name; another name
HELD = 0.5  # of a piece's lines, to be found in a function that did not have them
CANDIDATES = 6  # files that are read as Python for one piece
LINES_ASKED = 12  # of a piece's lines, the longest, by which those files are chosen
EDGE = 3  # lines
LONG = 4_000_000  # pairs of words of two texts, above which they are compared by lines


def moved_text(piece: Piece, then: Place, old: Release, new: Release) -> Found | None:
    """The piece's very text at one new place, or None. It is a guess: text has no name."""
    # A function that went elsewhere as it was took its lines along, be they too short to be told by themselves.
    along = not piece.whole and new.symbol(piece.path, piece.symbol) is None
    if along and (found := _moved_along(piece, then, old, new)):
        return found
    if piece.line or not _telling(then.text):
        return None
    places = []
    needle = max((line.strip() for line in then.text), key=len)
    for path in newer_files(old, new):
        if needle in new.text(path):
            earlier = {each.symbol for each in _standing(piece, then, old, path)}
            places += [each for each in _standing(piece, then, new, path) if each.symbol not in earlier]
    if len(places) > 1:
        places = [place for place in places if _last(place.symbol) == _last(then.symbol)]
    if len(places) != 1:
        return None
    return Found("moved", then, places[0], guess=True)


def _moved_along(piece: Piece, then: Place, old: Release, new: Release) -> Found | None:
    """The piece in a function whose whole text stands at one new place, or None."""
    source = old.symbol(piece.path, piece.symbol)
    body = old.place(piece.path, source, source.first, source.last)
    found = moved_text(Piece(piece.engine, piece.path, piece.symbol), body, old, new)
    if found is None:
        return None
    first = found.now.first + then.first - body.first
    symbol = new.symbol(found.now.path, found.now.symbol)
    now = new.place(found.now.path, symbol, first, first + then.last - then.first)
    return Found("moved", then, now, guess=True)


def newer_files(old: Release, new: Release) -> list[str]:
    """The files of `new` that `old` does not have as they are, in path order."""
    before = old.listing
    return [path for path, digest in sorted(new.listing.items()) if before.get(path) != digest]


def _standing(piece: Piece, then: Place, release: Release, path: str) -> list[Place]:
    """Where the piece's text stands in a file, inside some symbol, as deep as in its own."""
    if path not in release.listing:
        return []
    try:
        symbols = release.symbols(path)
    except SiteError:
        return []  # a template that is no Python
    found, seen = [], set()
    for symbol in reversed(symbols):  # what lies inside comes after what it lies in
        size = symbol.last - symbol.first + 1
        if size != len(then.text) if piece.whole else size < len(then.text) or symbol.kinds[-1] == "assignment":
            continue
        whole = release.place(path, symbol, symbol.first, symbol.last)
        for at in occurrences(then.text, whole.text):
            first = symbol.first + at
            if first not in seen:
                seen.add(first)
                found.append(release.place(path, symbol, first, first + len(then.text) - 1))
    return found


def altered(piece: Piece, then: Place, old: Release, new: Release, remark: str = "") -> Found:
    """Changed, with the most likely new place, or gone."""
    source = old.symbol(piece.path, piece.symbol)
    body = old.place(piece.path, source, source.first, source.last)
    best, score = None, 0.0
    for path in _likely_files(then, old, new):
        for symbol in new.symbols(path):
            if symbol.kinds[-1] != source.kinds[-1]:
                continue
            before, place = old.symbol(path, symbol.name), new.place(path, symbol, symbol.first, symbol.last)
            least = _least(then.symbol, symbol.name)
            if piece.whole:
                alike = 0.0 if before else ratio(then.text, place.text, least)
            else:
                was = before and old.place(path, before, before.first, before.last)
                alike, least = _taken_in(then, body, was, place, least), REMAINS
            # Of two functions that hold the lines, one inside the other, the inner one.
            if alike >= least and (alike, -len(place.lines)) > (score, -len(best.lines) if best else 0):
                best, score = place, alike
    if best is None:
        return Found("gone", then, remark=remark)
    if piece.whole:
        remark = "only its name differs" if only_renamed(then, best) else ""
        return Found("changed", then, best, guess=True, remark=remark)
    first, last = stretch(then.text, best.text)
    symbol = new.symbol(best.path, best.symbol)
    now = new.place(best.path, symbol, best.first + first, best.first + last)
    # In doubt it is changed, also where the very words stand there: what is around them does not.
    remark = "the same words, in a function that changed" if now.text == then.text else ""
    return Found("changed", then, now, guess=True, remark=remark)


def _taken_in(then: Place, body: Place, before: Place | None, now: Place, least: float) -> float:
    """The share of a piece's lines that a function has and did not have before; 0 where it is too small to be believed.

    `body` is the piece's function, `before` what `now` was. In a function that is like the piece's own as a whole, a
    smaller share is enough.
    """
    there = {line.strip() for line in now.text}
    if sum(line.strip() in there for line in then.text) < REMAINS * len(then.text) / 2:
        return 0.0  # quicker to see than the lines' order
    held = share_left(then.text, now.text)
    if before is not None:
        return held if held >= HELD and share_left(then.text, before.text) < HELD / 2 else 0.0
    if REMAINS <= held < HELD and ratio(body.text, now.text, least) < least:
        return 0.0
    return held if held >= REMAINS else 0.0


def _least(before: str, after: str) -> float:
    if before == after:
        return SAME_CLASS
    return NAMESAKE if _last(before) == _last(after) else RENAMED


def _likely_files(then: Place, old: Release, new: Release) -> list[str]:
    """The piece's own file, those that define its name, and those with most of its lines."""
    name = _last(then.symbol)
    word = re.escape(name)
    defines = re.compile(rf"^[ \t]*(?:async def|def|class) {word}\b|^[ \t]*{word}[ \t]*[:=]", re.M)
    lines = sorted({line.strip() for line in then.text if len(line.strip()) > 15}, key=len)[-LINES_ASKED:]
    scored = []
    for path in newer_files(old, new):
        text = new.text(path)
        held = sum([line in text for line in lines]) / len(lines) if lines else 0
        named = name in text and bool(defines.search(text))
        if path == then.path or named or held >= 0.4:
            scored.append((path == then.path, named, held, path))
    found = [path for *_, path in sorted(scored, reverse=True)[:CANDIDATES]]
    return [path for path in found if _parses(new, path)]


def _parses(release: Release, path: str) -> bool:
    try:
        return bool(release.symbols(path))
    except SiteError:
        return False


def ratio(before: tuple, after: tuple, least: float = 0.0) -> float:
    """How alike two texts are, 0 to 1, by words and signs in their order; 0 where it cannot reach `least`."""
    a, b = (re.findall(r"\w+|[^\w\s]", "\n".join(each)) for each in (before, after))
    if len(a) * len(b) > LONG:
        a, b = ([line.strip() for line in each] for each in (before, after))  # by lines: the other takes too long
    matcher = difflib.SequenceMatcher(None, a, b, autojunk=False)
    if matcher.real_quick_ratio() < least or matcher.quick_ratio() < least:
        return 0.0
    return matcher.ratio()


def shared(before: tuple, after: tuple) -> list[int]:
    """The indexes in `after` of lines that it has in common with `before`, in order; blank lines aside."""
    a, b = [line.strip() for line in before], [line.strip() for line in after]
    blocks = difflib.SequenceMatcher(None, a, b, autojunk=False).get_matching_blocks()
    return [block.b + at for block in blocks for at in range(block.size) if b[block.b + at]]


def stretch(before: tuple, after: tuple) -> tuple[int, int] | None:
    """First and last index of what has become of `before` inside `after`: from the first to the last line they share,
    and as many more at either end as were not found there, at most EDGE. None where they share none."""
    a, b = [line.strip() for line in before], [line.strip() for line in after]
    blocks = difflib.SequenceMatcher(None, a, b, autojunk=False).get_matching_blocks()
    pairs = [(one.a + at, one.b + at) for one in blocks for at in range(one.size) if a[one.a + at]]
    if not pairs:
        return None
    (lead, first), (end, last) = pairs[0], pairs[-1]
    return max(0, first - min(lead, EDGE)), min(len(after) - 1, last + min(len(before) - 1 - end, EDGE))


def share_left(before: tuple, after: tuple) -> float:
    """The share of the lines of `before`, blank ones aside, that `after` still has in order."""
    return len(shared(before, after)) / max(1, sum(bool(line.strip()) for line in before))


def only_renamed(then: Place, now: Place) -> bool:
    """Whether a symbol's text differs in nothing but the symbol's own name."""
    name = re.compile(rf"\b(?:{re.escape(_last(then.symbol))}|{re.escape(_last(now.symbol))})\b")
    return [name.sub("", line) for line in then.text] == [name.sub("", line) for line in now.text]


def _telling(text: tuple) -> bool:
    lines = [line.strip() for line in text if line.strip()]
    return len(lines) >= TELLING[0] or sum(map(len, lines)) >= TELLING[1]


def _last(symbol: str) -> str:
    return symbol.rsplit(".", 1)[-1]
