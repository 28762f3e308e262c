"""Figures as a site publishes them: files of their own, which a page asks for when a reader comes to one.

An image can take neither its colours nor its type from the page around it, so that a published figure holds both: the
page's colours of light and dark, of which the browser takes those of the page's own scheme, and the page's font.
"""

import base64
import functools
import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as etree

from scripts.common.content_cache import Cache
from scripts.common.errors import SiteError
from scripts.measured.figure_colours import palette

FOLDER = "experiments/figures"
PLACE = "assets/figures"  # of the site
FONT = "docs/assets/fonts/request-sans-400-normal.woff2"
SVG = "http://www.w3.org/2000/svg"
XLINK = "http://www.w3.org/1999/xlink"
PHONE = "-phone"  # the name of a figure's drawing for phones ends so
SHOWN = {"": 1.7, PHONE: 1.3}  # at most so many pixels for a unit of the drawing, whose type is then as large as text
# On a narrow screen a figure scrolls inside its box; a box that scrolls must be reachable by keyboard.
SCROLLS = 'tabindex="0" role="group" aria-label="figure"'
_LENGTHS = {"d", "points", "transform", "x", "y", "x1", "x2", "y1", "y2", "cx", "cy", "r", "width", "height"}
_DECIMALS = re.compile(r"(?<=\d\.\d)\d+")
_NO_TURN = re.compile(r"^rotate\(-?0(?: [^)]*)?\)$")
_URL_ID = re.compile(r"url\(\s*['\"]?#([^)'\"]+)['\"]?\s*\)")


@dataclass(frozen=True)
class Published:
    """A published drawing: its address below the site's root, its text, and the pixels it is shown on at most."""

    address: str
    text: str
    width: int
    height: int


def names(root: Path) -> list[str]:
    """Every figure, `01/segments.svg`; drawings for phones are part of those they belong to."""
    files = sorted((root / FOLDER).rglob("*.svg"))
    return [file.relative_to(root / FOLDER).as_posix() for file in files if not file.stem.endswith(PHONE)]


def forms(root: Path, name: str) -> tuple[Published, Published]:
    """The figure for a wide screen and for a phone.

    Raises SiteError for a file that is missing, is no SVG, or loads or runs anything.
    """
    wide, phone = (_published(root, name.removesuffix(".svg") + suffix + ".svg", suffix) for suffix in SHOWN)
    return wide, phone


def files(root: Path) -> dict[str, str]:
    """Address below the site's root -> text of every drawing. Raises SiteError, as `forms` does.

    A drawing for phones without its figure says what a renamed one was called: that is missed first.
    """
    there = names(root)
    phones = sorted((root / FOLDER).rglob(f"*{PHONE}.svg"))
    wide = [file.relative_to(root / FOLDER).as_posix().replace(f"{PHONE}.svg", ".svg") for file in phones]
    lost = [name for name in wide if name not in there]
    return {form.address: form.text for name in [*lost, *there] for form in forms(root, name)}


def _published(root: Path, name: str, suffix: str) -> Published:
    where = f"{FOLDER}/{name}"
    try:
        data = (root / FOLDER / name).read_bytes()
    except OSError:
        raise SiteError(f"{where}: no such figure; draw it (make experiments) or correct the name") from None
    font = root / FONT
    return _made(root, data, where, name, SHOWN[suffix], palette(root), font.read_bytes() if font.is_file() else b"")


@functools.lru_cache(maxsize=128)
def _made(root: Path, data: bytes, where: str, name: str, scale: float, colours: str, font: bytes) -> Published:
    key = [
        Path(__file__).read_bytes(),
        data,
        where.encode(),
        name.encode(),
        repr(scale).encode(),
        colours.encode(),
        font,
    ]
    made = Cache(root, "figures").get(
        key, lambda: json.dumps(_drawing(data, where, name, scale, colours, font)).encode()
    )
    return Published(*json.loads(made))


def _drawing(data: bytes, where: str, name: str, scale: float, colours: str, font: bytes) -> tuple[str, str, int, int]:
    tree = parsed(data, where)
    size = re.fullmatch(r"0 0 ([\d.]+) ([\d.]+)", tree.get("viewBox") or "")
    if not size:
        raise SiteError(f"{where}: has no viewBox from 0 0, so it cannot scale; draw it again: make experiments")
    wanted = _referred(tree)
    for element in tree.iter():
        _lighten(element, wanted)
    width, height = (round(scale * float(side)) for side in size.groups())
    tree.set("width", str(width))
    tree.set("height", str(height))
    etree.register_namespace("", SVG)
    text = etree.tostring(tree, encoding="unicode")
    text = re.sub(r">\s*\n\s*<", "><", text).strip()
    opening, rest = text[: text.index(">") + 1], text[text.index(">") + 1 :]
    text = f'{opening}<style>{colours}{_face(font)}</style><rect class="ground" width="100%" height="100%"/>{rest}\n'
    stem, _, suffix = name.rpartition(".")
    digest = hashlib.sha256(text.encode()).hexdigest()[:8]
    return f"{PLACE}/{stem}.{digest}.{suffix}", text, width, height


def parsed(data: bytes, where: str) -> etree.Element:
    """A figure's SVG without what is not drawn; `where` is how errors call it. Raises SiteError, as `forms` does."""
    try:
        tree = etree.fromstring(data)
    except etree.ParseError as error:
        raise SiteError(f"{where}: is no SVG ({error}); draw it again: make experiments") from None
    if tree.tag != f"{{{SVG}}}svg":
        raise SiteError(f"{where}: is no SVG but <{_local(tree.tag)}>; draw it again: make experiments")
    for parent in list(tree.iter()):
        for child in list(parent) if len(parent) else ():
            name = _local(child.tag)
            if name in ("metadata", "title", "desc"):  # the label comes from the page; metadata names other hosts
                parent.remove(child)
            elif name in ("script", "foreignObject", "image"):
                raise SiteError(f"{where}: holds <{name}>, which a figure must not; draw it with shapes and text only")
    for element in tree.iter():
        for key, value in list(element.attrib.items()):
            if key.endswith("href") and _local(key) == "href":
                if not value.startswith("#"):
                    raise SiteError(f"{where}: refers to {value[:40]!r}; a figure loads nothing")
                del element.attrib[key]
                element.set("href", value)
            elif key.lower().startswith("on"):
                raise SiteError(f"{where}: has an event handler {key}; draw it without")
        if _local(element.tag) == "style" and element.text and re.search(r"@import|url\((?!\s*['\"]?#)", element.text):
            raise SiteError(f"{where}: its style loads something; a figure loads nothing")
    return tree


def _face(font: bytes) -> str:
    """The page's font inside the figure: an image asks for nothing."""
    text = "text{font-family:F,system-ui,sans-serif}"
    if not font:
        return text
    data = base64.b64encode(font).decode()
    return f'@font-face{{font-family:F;src:url(data:font/woff2;base64,{data}) format("woff2")}}{text}'


def _referred(tree: etree.Element) -> set[str]:
    """The ids that something in the figure refers to; the rest only say how its library made it."""
    hrefs = {element.attrib["href"][1:] for element in tree.iter() if element.get("href")}
    texts = (text for element in tree.iter() for text in (element.text or "", *element.attrib.values()))
    return hrefs.union(*(_URL_ID.findall(text) for text in texts if "url(" in text))


def _lighten(element: etree.Element, wanted: set[str]) -> None:
    """Leaves out what nobody sees: ids without a use, the second decimal of a length, turns by nothing, and the name
    of a font that is given once for all."""
    if element.get("id") not in wanted:
        element.attrib.pop("id", None)
    if style := element.get("style"):
        element.set("style", style.replace("font-family: inherit; ", "").replace("font-family: inherit", ""))
    # In the order in which they stand: a set's own order differs from one build to the next.
    for key in [key for key in element.attrib if key in _LENGTHS]:
        value = _DECIMALS.sub("", element.attrib.pop(key))
        if value and not _NO_TURN.match(value):
            element.set(key, " ".join(value.split()))


@functools.cache
def _local(tag: object) -> str:
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""
