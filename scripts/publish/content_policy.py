"""What a page may load and run, told to the browser by the page itself: its own files, and the inline scripts it has.

A static host sends no headers of ours, so the policy is a `<meta>`. It comes last: a later change of an inline script
would need another hash.
"""

import base64
import hashlib
import re
from pathlib import Path

from selectolax.lexbor import LexborHTMLParser

from scripts.common.errors import SiteError
from scripts.publish import site_files

POLICY = {
    "default-src": "'none'",  # what is not named below is not used: workers, media
    "script-src": "'self'",
    "style-src": "'self'",
    # Drawings place what they show by attributes of style, thousands a page, each another: a hash for each would weigh
    # more than the page. They can paint what is there; they can run nothing, and load no more than img-src allows.
    "style-src-attr": "'unsafe-inline'",
    "img-src": "'self' data:",  # the theme's icons are in its styles, a notebook's drawings in its page
    "font-src": "'self'",
    "connect-src": "'self'",  # a replay's moments, the search's index
    "manifest-src": "'self'",  # asked for when a reader keeps the site on a phone
    "frame-src": "'none'",
    "object-src": "'none'",
    "base-uri": "'none'",
    "form-action": "'none'",  # the search and the choice of colours are forms that a script answers
}
# A `type` that browsers do not run, and neither ask the policy for.
DATA = {"application/json", "application/ld+json"}
# What a page in small letters has to hold for an element to run or style something by itself: most do not, and are not
# looked at element by element. The entities are those of letters and of a colon, in which an address can be written.
# Patterns that begin with letters are looked for fast.
_MAY_BE_FORBIDDEN = tuple(
    map(
        re.compile,
        (
            r"""on(?<=[\s"'/]on)\w+\s*=""",
            "javascript:",
            r"<style\b",
            "&colon;",
            r"&#(?:x0*(?:3a|[46][1-9a-f]|[57][\da])(?![\da-f])|0*(?:58|6[5-9]|[7-9]\d|1[01]\d|12[0-2])(?!\d))",
        ),
    )
)
_SCRIPT = re.compile(r"<script\b.*?</script\b[^>]*>", re.S | re.I)
_HEAD = re.compile(r"<head>(?:\s*<meta charset=[^>]*>)?", re.I)


def publish(site: Path, root: Path) -> None:
    """Gives every page its policy; `root` is not read. Raises SiteError for a page that no policy fits."""
    pages = site_files.pages(site)
    site_files.write_changed(pages, {file: told(text, str(file.relative_to(site))) for file, text in pages.items()})


def told(page: str, name: str) -> str:
    """The page with its policy before all that the policy is of. `name` is how errors call it."""
    lowered = page.lower()
    if any(pattern.search(lowered) for pattern in _MAY_BE_FORBIDDEN):
        _nothing_forbidden(LexborHTMLParser(page), name)
    head = _HEAD.search(page)
    if head is None:
        raise SiteError(f"{name}: has no <head> for its content security policy; see theme/main.html")
    meta = f'<meta http-equiv="Content-Security-Policy" content="{policy(page)}">'
    return page[: head.end()] + meta + page[head.end() :]


def policy(page: str) -> str:
    """The policy of a page, with the hash of each inline script that it runs, each once."""
    tree = LexborHTMLParser("".join(_SCRIPT.findall(page)))
    scripts = [
        node.text()
        for node in tree.css("script:not([src])")
        if (node.attributes.get("type") or "").strip().lower() not in DATA
    ]
    hashes = "".join(f" '{hashed}'" for hashed in dict.fromkeys(map(hash_of, scripts)))
    return ";".join(f"{name} {value}{hashes if name == 'script-src' else ''}" for name, value in POLICY.items())


def hash_of(script: str) -> str:
    """The source that allows an inline script of exactly this text."""
    return f"sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}"


def _nothing_forbidden(tree: LexborHTMLParser, name: str) -> None:
    """Raises SiteError for what the policy would forbid without a word: the page would do nothing there."""
    for node in tree.css("*"):
        for attribute, value in node.attributes.items():
            runs = attribute.startswith("on") or (value or "").strip().lower().startswith("javascript:")
            if runs:
                raise SiteError(
                    f"{name}: <{node.tag} {attribute}=...> is a script in an attribute, which the content security "
                    "policy forbids; add a listener in docs/assets/js/"
                )
    if tree.css_first("style"):
        raise SiteError(
            f"{name}: has a <style>, which the content security policy forbids; put it into a file of docs/assets/css/"
        )
