"""Figures inlined into the page, so that their colours follow light and dark through CSS variables."""

import re
from pathlib import Path
from xml.etree import ElementTree as etree

from scripts.common.errors import SiteError

FOLDER = "experiments/figures"
SVG = "http://www.w3.org/2000/svg"
XLINK = "http://www.w3.org/1999/xlink"
# On a narrow screen a figure scrolls inside its box; a box that scrolls must be reachable by keyboard.
SCROLLS = 'tabindex="0" role="group" aria-label="figure"'
GROWTH = 1.275  # type of 10 points as tall as the text around it, 17 px
LEAST = 1.1  # type of 10 units at 11 px, the least that is read on a phone
_LENGTHS = {"d", "points", "transform", "x", "y", "x1", "x2", "y1", "y2", "cx", "cy", "r", "width", "height"}
_DECIMALS = re.compile(r"(\d\.\d)\d+")
_NO_TURN = re.compile(r"^rotate\(-?0(?: [^)]*)?\)$")
_URL_ID = re.compile(r"url\(\s*['\"]?#([^)'\"]+)['\"]?\s*\)")


def inline(root: Path, name: str, alt: str, prefix: str) -> str:
    """The SVG element of `experiments/figures/<name>`, ready for a page.

    alt: what a reader who does not see it is told. prefix: set before every id in it, because two figures drawn
    by one library use the same ids and the page has one name space.
    Raises SiteError for a file that is missing, is no SVG, or loads or runs anything.
    """
    where = f"{FOLDER}/{name}"
    try:
        data = (root / FOLDER / name).read_bytes()
    except OSError:
        raise SiteError(f"{where}: no such figure; draw it (make experiments) or correct the name") from None
    return from_bytes(data, where, alt, prefix)


def from_bytes(data: bytes, where: str, alt: str, prefix: str) -> str:
    """The same for an SVG that lies elsewhere, in a notebook; `where` is how errors call it."""
    try:
        tree = etree.fromstring(data)
    except etree.ParseError as error:
        raise SiteError(f"{where}: is no SVG ({error}); draw it again: make experiments") from None
    if tree.tag != f"{{{SVG}}}svg":
        raise SiteError(f"{where}: is no SVG but <{_local(tree.tag)}>; draw it again: make experiments")
    _clean(tree, where)
    ids = {element.attrib["id"] for element in tree.iter() if element.get("id")}
    wanted = _referred(tree)
    for element in tree.iter():
        _lighten(element, wanted)
        _rename(element, ids, prefix)
    width = tree.attrib.pop("width", None)
    tree.attrib.pop("height", None)
    tree.attrib.pop("version", None)  # nothing reads it, and a symbol must not have it
    if not tree.get("viewBox"):
        raise SiteError(f"{where}: has no viewBox, so it cannot scale; draw it again: make experiments")
    tree.set("class", "figure-svg")
    tree.set("role", "img")
    tree.set("aria-label", alt)
    if width:
        tree.set("style", _sizes(width))
    etree.register_namespace("", SVG)
    text = etree.tostring(tree, encoding="unicode", short_empty_elements=True)
    # HTML parsers know the namespaces of an inline svg; blank lines would end the block for Markdown.
    text = re.sub(r'\sxmlns(:\w+)?="[^"]*"', "", text)
    return re.sub(r">\s*\n\s*<", "><", text).strip()


def _sizes(width: str) -> str:
    """How narrow and how wide a figure is shown that was drawn at `width`: its text can be read on a phone, which most
    are drawn for, and is as tall as the text around it where there is room. A wider one scrolls in its box."""
    points = re.match(r"[\d.]+", width)
    if not points:
        return ""
    unit, drawn = "pt" if width.endswith("pt") else "px", float(points[0])
    return f"min-width:{LEAST * drawn:.0f}px;max-width:{GROWTH * drawn:.0f}{unit}"


def shared(figure: str, name: str, again: bool) -> tuple[str, str]:
    """An inlined figure as (the figure kept out of sight, what shows it), so that a page shows it in two places and
    holds it once. Where it is shown `again` nothing is kept, and the words are those of the first place."""
    whole = re.fullmatch(r"<svg\b([^>]*)>(.*)</svg>", figure, re.S)
    assert whole  # as from_bytes makes it
    attributes, drawn = whole.groups()
    found = dict(re.findall(r'([\w:-]+)="([^"]*)"', attributes))
    own = {key: found.pop(key) for key in ("class", "role", "aria-label", "style") if key in found}
    label = f'aria-labelledby="{name}-drawn"' if again else f'id="{name}-drawn" aria-label="{own["aria-label"]}"'
    style = f' style="{own["style"]}"' if own.get("style") else ""
    shown = (
        f'<svg class="{own["class"]}" role="img" {label}{style} viewBox="{found["viewBox"]}">'
        f'<use href="#{name}-figure"/></svg>'
    )
    if again:
        return "", shown
    # Not `display: none`: with that, what its parts refer to by url() paints nothing.
    kept = "".join(f' {key}="{value}"' for key, value in found.items())
    # In a block of its own: a Markdown reader would make a paragraph around it.
    store = (
        f'<div><svg class="figure-store" width="0" height="0" aria-hidden="true" focusable="false">'
        f'<symbol id="{name}-figure"{kept}>{drawn}</symbol></svg></div>'
    )
    return store, shown


def _clean(tree: etree.Element, where: str) -> None:
    for parent in list(tree.iter()):
        for child in list(parent):
            name = _local(child.tag)
            if name in ("metadata", "title", "desc"):  # the label comes from the page; metadata names other hosts
                parent.remove(child)
            elif name in ("script", "foreignObject", "image"):
                raise SiteError(f"{where}: holds <{name}>, which a figure must not; draw it with shapes and text only")
    for element in tree.iter():
        for key, value in list(element.attrib.items()):
            if _local(key) == "href":
                if not value.startswith("#"):
                    raise SiteError(f"{where}: refers to {value[:40]!r}; a figure loads nothing")
                del element.attrib[key]
                element.set("href", value)
            elif key.lower().startswith("on"):
                raise SiteError(f"{where}: has an event handler {key}; draw it without")
        if _local(element.tag) == "style" and element.text and re.search(r"@import|url\((?!\s*['\"]?#)", element.text):
            raise SiteError(f"{where}: its style loads something; a figure loads nothing")


def _referred(tree: etree.Element) -> set[str]:
    """The ids that something in the figure refers to; the rest only say how its library made it."""
    hrefs = {element.attrib["href"][1:] for element in tree.iter() if element.get("href")}
    texts = [text for element in tree.iter() for text in (element.text or "", *element.attrib.values())]
    return hrefs.union(*(_URL_ID.findall(text) for text in texts))


def _lighten(element: etree.Element, wanted: set[str]) -> None:
    """Leaves out what nobody sees: ids without a use, the second decimal of a length, turns by nothing."""
    if element.get("id") not in wanted:
        element.attrib.pop("id", None)
    # In the order in which they stand: a set's own order differs from one build to the next.
    for key in [key for key in element.attrib if key in _LENGTHS]:
        value = _NO_TURN.sub("", _DECIMALS.sub(r"\1", element.attrib.pop(key)))
        if value:
            element.set(key, " ".join(value.split()))


def _rename(element: etree.Element, ids: set[str], prefix: str) -> None:
    def renamed(reference: re.Match[str]) -> str:
        return f"url(#{prefix}-{reference[1]})" if reference[1] in ids else reference[0]

    for key, value in element.attrib.items():
        if key == "id":
            element.set(key, f"{prefix}-{value}")
        elif key == "href" and value[1:] in ids:
            element.set(key, f"#{prefix}-{value[1:]}")
        elif "url(" in value:
            element.set(key, _URL_ID.sub(renamed, value))
    if element.text and "url(" in element.text:
        element.text = _URL_ID.sub(renamed, element.text)


def _local(tag: object) -> str:
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""
