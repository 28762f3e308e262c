"""Terms explained where a post first uses them: a link to the glossary, which the page's script opens in place.

Without a script it is a link. The definitions of a post's terms stand in the post, so nothing is asked for.
"""

import functools
import html
import json
import re
from collections.abc import Sequence
from pathlib import Path

from scripts.publish import glossary, site_files
from scripts.publish.glossary import Term
from scripts.publish.running_text import Piece, rewrite

POST = re.compile(r"^posts/\d\d-[^/]+/index\.html$")
NOT_IN = frozenset({"post-head", "post-end", "claim", "replay", "path", "engine-map"})
_TYPED = re.compile(r'<a href="(?P<page>[^"#]*' + re.escape(glossary.PAGE) + r')(?:#[^"]*)?">(?P<words>.*?)</a>', re.S)
_TAG = re.compile(r"<[^>]*>")
TO_ROOT = "../../"  # of a post


def explain(page: str, terms: Sequence[Term]) -> str:
    """A post's HTML with its terms linked at their first use, and the definitions of those at its end."""
    by_form = {form: term for term in terms for form in term.forms}
    word = _any_of(tuple(by_form))
    used: dict[str, Term] = {}  # in the order of the page

    def named(words: str) -> Term | None:
        return by_form.get(" ".join(html.unescape(_TAG.sub("", words)).split()).lower())

    def link(found: re.Match[str]) -> str:
        term = by_form[found[0].lower()]
        if term.anchor in used or not term.found:
            return found[0]
        used[term.anchor] = term
        return f'<a class="term" href="{TO_ROOT}{glossary.PAGE}#{term.anchor}">{found[0]}</a>'

    def change(piece: Piece) -> str:
        if "term" in piece.inside and (term := named(piece.html)):
            used.setdefault(term.anchor, term)
        return word.sub(link, piece.html) if _takes_links(piece) else piece.html

    def typed(found: re.Match[str]) -> str:
        term = named(found["words"])
        if term is None:
            return found[0]
        return f'<a class="term" href="{found["page"]}#{term.anchor}">{found["words"]}</a>'

    made = rewrite(_TYPED.sub(typed, page), change)
    if not used:
        return page
    definitions = json.dumps({name: term.defined(TO_ROOT) for name, term in used.items()}, ensure_ascii=False)
    data = '<script type="application/json" id="terms">' + definitions.replace("</", r"<\/") + "</script>"
    return made.replace("</article>", f"{data}</article>", 1)


@functools.lru_cache
def _any_of(forms: tuple[str, ...]) -> re.Pattern[str]:
    """Any of these as whole words, of two the longer. What they begin with alike stands in the pattern once: a text is
    gone through in a third of the time that a list of them takes."""
    tree: dict[str, dict] = {}
    for form in forms:
        below = tree
        for letter in form:
            below = below.setdefault(letter, {})
        below[""] = {}

    def pattern(branches: dict[str, dict]) -> str:
        longer = "|".join(re.escape(letter) + pattern(below) for letter, below in branches.items() if letter)
        if not longer:
            return ""
        return f"(?:{longer})?" if "" in branches else f"(?:{longer})"

    return re.compile(rf"(?<![\w`-]){pattern(tree)}(?![\w-])", re.I)


def _takes_links(piece: Piece) -> bool:
    return not piece.is_code and piece.is_prose and piece.inside.isdisjoint(NOT_IN)


def publish(site: Path, root: Path) -> None:
    """Explains the terms of every post; `root` is not read. Raises SiteError."""
    pages = {
        file: text for file, text in site_files.pages(site).items() if POST.match(file.relative_to(site).as_posix())
    }
    terms = tuple(glossary.load(site) if pages else ())
    if terms:
        site_files.write_changed(pages, {file: _explained(text, terms) for file, text in pages.items()})


_explained = functools.lru_cache(maxsize=site_files.KEPT)(explain)
