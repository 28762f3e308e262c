"""What a browser would fetch from another host for a page, a style or a script, read as a browser reads them."""

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import tinycss2
from selectolax.lexbor import LexborHTMLParser, LexborNode
from tinycss2.ast import Node

_SHOWN = {"text/html": "html", "image/svg+xml": "html", "text/markdown": "html", "application/javascript": "js"}
FETCHED = {
    "stylesheet",
    "preload",
    "modulepreload",
    "icon",
    "prefetch",
    "prerender",
    "preconnect",
    "dns-prefetch",
    "manifest",
    "apple-touch-icon",
    "apple-touch-icon-precomposed",
    "apple-touch-startup-image",
    "mask-icon",
}
# Attributes that are fetched wherever they stand, and elements that fetch what others only link to.
_ADDRESSES = ("src", "poster", "background", "codebase", "classid", "dynsrc", "lowsrc")
_SETS = ("srcset", "imagesrcset")
_FETCHED_LINKS = ("image", "feimage", "use", "script", "base", "mpath", "pattern", "lineargradient", "radialgradient")
_PAINTS = (
    "style",
    "fill",
    "stroke",
    "filter",
    "mask",
    "clip-path",
    "marker-start",
    "marker-mid",
    "marker-end",
    "cursor",
)
_LOOKED_AT = ":is({})".format(  # without it a node is listed once for each part that fits
    ", ".join(
        [
            *(f"[{name}]" for name in (*_ADDRESSES, *_SETS, *_PAINTS)),
            *(*_FETCHED_LINKS, "feImage", "object", "link", "meta", "style", "template", "iframe"),
        ]
    )
)
_REFRESH = re.compile(r"^[\s\d.]*[;,]?\s*(?:url\s*=)?\s*[\"']?([^\"']*)", re.I)
_FOREIGN = re.compile(r"(?:https?|wss?|ftp):|(?:[a-z][a-z0-9+.-]*:)?//", re.I)
_JS = re.compile(
    r"""["'`]\s*((?:(?:https?|wss?):[/\\]{1,2}[^"'`\s/]|//[\w-]+(?:\.[\w-]+)*\.[a-z]{2,})[^"'`\s]*)""", re.I
)
_FETCHES = re.compile(r"(?:\bimport\s*\(?|\bfrom|\bimportScripts\s*\(|\bfetch\s*\(|\.(?:src|href)\s*=)\s*$")
# Addresses in Material's scripts that are used only for a page with a Mermaid diagram, for one opened from a disk, and
# to ask for a repository's stars, which theme/partials/source.html does not. The browser tests see none fetched.
KNOWN_IN_SCRIPTS = (
    "https://unpkg.com/mermaid@",
    "https://unpkg.com/resize-observer-polyfill",
    "https://unpkg.com/iframe-worker/",
    "https://api.github.com/",
    "https://github.com/",
    "https://gitlab.com/",
    "https://${e}/api/v4/projects/",
    "https://squidfunk.github.io/",
    "https://fonts.google",
    "http://www.w3.org/",
    "https://www.w3.org/",
    "https://zensical.org",
)


def foreign_loads(text: str, kind: str) -> list[str]:
    """Addresses on other hosts that a browser would fetch for this page ("html"), style ("css") or script ("js")."""
    if kind == "css":
        return [address for address in _in_css(tinycss2.parse_component_value_list(text)) if is_foreign(address)]
    if kind == "js":
        return [
            found[1]
            for found in _JS.finditer(text)
            if not found[1].startswith(KNOWN_IN_SCRIPTS)
            or _FETCHES.search(text, max(0, found.start() - 30), found.start())
        ]
    return [address for node in LexborHTMLParser(text).css(_LOOKED_AT) for address in _of_element(node)]


def in_notebook(file: Path) -> list[str]:
    """The addresses of other hosts that a notebook's outputs, or the HTML in its text, load where it is opened."""
    found: list[str] = []
    for cell in json.loads(file.read_text("utf-8"))["cells"]:
        if cell["cell_type"] == "markdown":
            found += foreign_loads("".join(cell["source"]), "html")
        for output in cell.get("outputs", ()):
            for kind, data in output.get("data", {}).items():
                text = "".join(data) if isinstance(data, list) else data
                if isinstance(text, str) and kind in _SHOWN:
                    found += foreign_loads(text, _SHOWN[kind])
    return found


def is_foreign(address: str) -> bool:
    """Whether an address names a host. A browser drops tabs and breaks from one and reads `\\\\` as `/`."""
    plain = re.sub(r"[\t\n\r]", "", address).strip("\0 \x1f").replace("\\", "/")
    return bool(_FOREIGN.match(plain))


def _of_element(node: LexborNode) -> Iterator[str]:
    tag = (node.tag or "").lower()
    attributes = {name.lower(): value or "" for name, value in node.attributes.items()}
    yield from filter(is_foreign, _addresses(tag, attributes))
    for name in _PAINTS:
        if name in attributes:
            yield from foreign_loads(attributes[name], "css")
    if tag == "style":
        yield from foreign_loads(node.text() or "", "css")
    elif tag == "script" and not attributes.get("type", "").lower().endswith("json"):
        yield from foreign_loads(node.text() or "", "js")
    elif tag == "template":  # a script puts a copy of it into the page
        yield from foreign_loads("<div" + (node.html or "").removeprefix("<template"), "html")
    elif tag == "iframe" and attributes.get("srcdoc"):
        yield from foreign_loads(attributes["srcdoc"], "html")


def _addresses(tag: str, attributes: dict[str, str]) -> Iterator[str]:
    for name in _ADDRESSES:
        if name in attributes:
            yield attributes[name]
    for name in _SETS:
        yield from attributes.get(name, "").split(",")
    if tag == "object":
        yield attributes.get("data", "")
    if tag in _FETCHED_LINKS or (tag == "link" and FETCHED & set(attributes.get("rel", "").lower().split())):
        yield attributes.get("href", "")
        yield attributes.get("xlink:href", "")
    if tag == "meta" and attributes.get("http-equiv", "").strip().lower() == "refresh":
        found = _REFRESH.match(attributes.get("content", ""))
        yield found[1] if found else ""


def _in_css(nodes: Iterable[Node]) -> Iterator[str]:
    """Every `url(...)`, the strings of functions that take one as an image, and what is imported."""
    rule = ""  # the at-rule that the next string or url belongs to
    for node in nodes:
        if node.type == "at-keyword":
            rule = node.lower_value
        elif node.type in ("url", "string"):
            if (node.type == "url" and rule != "namespace") or rule == "import":
                yield node.value
        elif node.type == "function":
            if node.lower_name in ("url", "src", "image", "image-set", "-webkit-image-set") and rule != "namespace":
                yield from (argument.value for argument in node.arguments if argument.type == "string")
            yield from _in_css(node.arguments)
        elif hasattr(node, "content"):
            yield from _in_css(node.content)
        elif node.type == "literal" and node.value == ";":
            rule = ""
