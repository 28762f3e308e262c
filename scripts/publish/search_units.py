"""What a built page offers to a search: its sections, and inside them what has an address of its own, such as a row of
a table, a term, a result or an excerpt. A unit is found, shown and opened as one, so none of them is a whole page.
"""

import re
from dataclasses import dataclass, field

from selectolax.lexbor import LexborNode

from scripts.publish import page_trees
from scripts.publish.page_text import blank, classes, one_line, spoken, words

# Of these a search knows the page alone: each repeats what other pages say, row by row.
TITLE_ALONE = re.compile(r"^(reference/(ledger|drift|tags|hosts|architecture)/|posts/|experiments/)\Z")
# Of these it knows nothing: who looks for a release is led to the list of what became of everything in it.
UNKNOWN = "reference/drift/"
PAGE = re.compile(r"^(?:posts/(?P<post>\d\d)-(?P<slug>[a-z-]+)|experiments/(?P<experiment>\d\d))")
ROWS = ("knob", "setting", "famous")  # their addresses begin so
_LINES = re.compile(r"^lines? [\d–-]+ ")
NO_COUNTERPART = "no counterpart in these posts"


@dataclass
class Unit:
    """`kind` says what it is; `names` are what it is called besides its title, such as flags."""

    page: str
    anchor: str
    kind: str
    title: str
    names: list[str] = field(default_factory=list)
    text: list[str] = field(default_factory=list)

    def words(self) -> str:
        return one_line(self.text)


def units(text: str, page: str) -> list[Unit]:
    """The units of a page's HTML in its order; `page` is its address below the site's root. The first is the page."""
    tree = page_trees.of(text)
    article = tree.css_first("article")
    title = words(article.css_first("h1")) if article else ""
    if article is None or not title or page.startswith(UNKNOWN) and page != UNKNOWN:
        return []
    about = tree.css_first('meta[name="description"]')
    found = [_page(page, title, (about.attributes.get("content") or "") if about else "")]
    if not TITLE_ALONE.match(page):
        _walk(article, found[0], found)
    return [unit for unit in found if unit.title]


def _page(page: str, title: str, about: str) -> Unit:
    match = PAGE.match(page)
    kind = "page" if match is None else "post" if match["post"] else "experiment"
    names = [match["slug"].replace("-", " ")] if match and match["slug"] else []
    return Unit(page, "", kind, title, names, [about, " "])


def _walk(node: LexborNode, unit: Unit, found: list[Unit]) -> Unit:
    """Gives the words below `node` to `unit`, or to the units that begin there; returns the one that goes on behind."""
    for child in spoken(node):
        if child.tag == "-text":
            unit.text.append(child.text_content or "")
        elif child.tag in ("h2", "h3") and child.id:
            parent = classes(child.parent) if child.parent is not None else []
            unit = Unit(unit.page, child.id, "symptom" if "symptom" in parent else "section", words(child))
            found.append(unit)
        elif child.tag == "details" and (body := child.css_first(".fold-body")) is not None and body.id:
            inside = Unit(unit.page, body.id, "section", words(child.css_first("summary")))
            found.append(inside)
            _walk(body, inside, found)
        elif own := _own(child, unit.page):
            found.append(own)
        elif child.tag != "h1" and not (child.tag == "dd" and _term_of(child)):
            unit.text.append(blank(child))
            unit = _walk(child, unit, found)
            unit.text.append(blank(child))
    return unit


def _own(node: LexborNode, page: str) -> Unit | None:
    """The unit that an element is by itself: a row, a term, a result, an excerpt, a hop of a call path."""
    anchor, kinds = node.id, classes(node)
    if not anchor:
        return None
    if node.tag == "tr":
        return _row(node, page, anchor)
    if node.tag == "dt":
        return Unit(page, anchor, "term", words(node), [], [words(_next(node, "dd"))])
    if "claim" in kinds:  # one that is folded has its title in the line that opens it
        around = node.parent if node.parent is not None and "claim-fold" in classes(node.parent) else node
        said = words(node.css_first(".claim-sentence"))
        return Unit(page, anchor, "result", words(around.css_first(".claim-title")), [], [said])
    if node.tag == "figure" and "excerpt" in kinds:
        notes = [_LINES.sub("", words(note)) for note in node.css(".excerpt-notes > li")]
        title = words(node.css_first(".excerpt-crumb")).removeprefix("class ").replace(" › ", ".")
        return Unit(page, anchor, "excerpt", title, [], [" ".join(notes)])
    if node.tag == "li" and "path-hop" in kinds:
        return Unit(page, anchor, "call", words(node.css_first("code")), [], [words(node.css_first(".path-does"))])
    return None


def _row(row: LexborNode, page: str, anchor: str) -> Unit:
    # What a knob trades says more of it than its default, and is what a result shows.
    trades = sorted(row.css("td"), key=lambda cell: cell.attributes.get("data-label") != "what it trades")
    cells = [words(cell) for cell in trades]
    kind = next((kind for kind in ROWS if anchor.startswith(f"{kind}-")), "row")
    names = [words(code) for code in row.css(".knob-flag")]
    said = " ".join(cell for cell in cells if cell != NO_COUNTERPART)
    return Unit(page, anchor, kind, words(row.css_first("th")) or cells[0], names, [said])


def _next(node: LexborNode, tag: str) -> LexborNode | None:
    after = node.next
    while after is not None and after.tag != tag:
        after = after.next
    return after


def _term_of(meaning: LexborNode) -> bool:
    """Whether a meaning belongs to a term that is a unit, which has its words already."""
    before = meaning.prev
    while before is not None and before.tag != "dt":
        before = before.prev
    return before is not None and bool(before.id)
