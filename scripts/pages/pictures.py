"""Hand-made pictures, docs/pictures/NN/name.svg, read strictly: shapes and text in the classes of the picture grammar.

A picture sets no colour of its own, so that it follows light and dark; the classes are those of
docs/assets/css/blocks/picture-grammar.css.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as etree

from scripts.common.errors import SiteError

FOLDER = "docs/pictures"
SVG = "http://www.w3.org/2000/svg"
SHEET = "docs/assets/css/blocks/picture-grammar.css"
CLASSES = {
    *(f"r{number}" for number in range(1, 9)),
    *("prompt", "decode", "wait", "shared", "block-free", "box", "lane", "axis", "arrow"),
    *("label", "small", "strong", "middle", "end", "mono", "cpu", "gpu", "vllm", "sglang", "picture-svg"),
}
ELEMENTS = {
    *("svg", "g", "rect", "circle", "ellipse", "line", "path", "polyline", "polygon", "text", "tspan", "a", "defs"),
    *("use", "symbol", "title", "desc", "clipPath"),
}
COLOURED = ("fill", "stroke", "color", "stop-color", "flood-color")
FREE = ("none", "currentcolor", "inherit", "transparent")
FIXED = "data-fixed"  # on an element: why its numbers are no measurements
_URL = re.compile(r"url\(\s*['\"]?#([^)'\"]+)['\"]?\s*\)")


@dataclass(frozen=True)
class Text:
    """What an element of a picture says; `fixed` is the reason why its numbers may be typed, "" for none."""

    words: str
    fixed: str


def read(name: str, root: Path) -> etree.Element:
    """The picture `NN/name` as a tree without namespaces. Raises SiteError for one that breaks the grammar."""
    where = f"{FOLDER}/{name}.svg"
    try:
        tree = etree.fromstring((root / FOLDER / f"{name}.svg").read_bytes())
    except OSError:
        raise SiteError(f"{where}: no such picture; draw it, or correct the name") from None
    except etree.ParseError as error:
        raise SiteError(f"{where}: is no SVG ({error}); correct it") from None
    for element in tree.iter():
        if not isinstance(element.tag, str):
            continue
        element.tag = element.tag.removeprefix(f"{{{SVG}}}")
        for key in list(element.attrib):
            if key.startswith("{"):  # xlink:href; only href is left
                element.set(key.rpartition("}")[2], element.attrib.pop(key))
        _check(element, where)
    if tree.tag != "svg" or not tree.get("viewBox"):
        raise SiteError(f'{where}: is no <svg> with a viewBox, so it cannot scale; add viewBox="0 0 680 ..."')
    return tree


def texts(tree: etree.Element) -> list[Text]:
    """What the picture says, text by text."""

    def walk(element: etree.Element, fixed: str) -> list[Text]:
        fixed = element.get(FIXED, fixed)
        if element.tag in ("text", "title", "desc"):
            return [Text(" ".join("".join(element.itertext()).split()), fixed)]
        return [text for child in element for text in walk(child, fixed)]

    return walk(tree, "")


def inline(tree: etree.Element, alt: str, prefix: str) -> str:
    """The SVG element as HTML, every id in it begun by `prefix`, so that two pictures of a page share none."""
    ids = {element.attrib["id"] for element in tree.iter() if element.get("id")}
    for element in tree.iter():
        element.attrib.pop(FIXED, None)
        for key, value in list(element.attrib.items()):
            if key == "id":
                element.set(key, f"{prefix}-{value}")
            elif key == "href" and value[1:] in ids:
                element.set(key, f"#{prefix}-{value[1:]}")
            elif "url(" in value:
                element.set(key, _URL.sub(lambda to: f"url(#{prefix}-{to[1]})" if to[1] in ids else to[0], value))
    for key in ("width", "height"):
        tree.attrib.pop(key, None)
    tree.set("class", "picture-svg")
    tree.set("role", "img")
    tree.set("aria-label", alt)
    # Blank lines would end the block for Markdown.
    return re.sub(r">\s*\n\s*<", "><", etree.tostring(tree, encoding="unicode")).replace("\n", " ").strip()


def _check(element: etree.Element, where: str) -> None:
    if element.tag not in ELEMENTS:
        raise SiteError(f"{where}: holds <{element.tag}>; a picture has shapes and text only")
    called = f"<{element.tag}{' id=' + element.attrib['id'] if element.get('id') else ''}>"
    for key, value in element.attrib.items():
        if key.startswith("on"):
            raise SiteError(f"{where}: {called} has an event handler {key}; remove it")
        if key == "style":
            raise SiteError(f"{where}: {called} has a style; use the classes of {SHEET}, or attributes")
        if key == "href" and not value.startswith("#"):
            raise SiteError(f"{where}: {called} refers to {value[:40]!r}; a picture refers to itself alone")
        if key in COLOURED and value.strip().lower() not in FREE and not value.startswith("url(#"):
            raise SiteError(f"{where}: {called} has {key}={value!r}; use a class of {SHEET}, or currentColor")
        if key == "class" and (unknown := set(value.split()) - CLASSES):
            raise SiteError(
                f"{where}: {called} has the class {min(unknown)!r}, which {SHEET} does not know; correct it"
            )
