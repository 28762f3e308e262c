"""`/// result | id`: a claim's result in a line of the text, which opens in place to the whole card."""

import re

from markdown import Markdown

from experiments.formats import verdict_words
from scripts.common.errors import SiteError
from scripts.measured.claim_reader import Claim
from scripts.pages.references import REFERENCE
from scripts.render.blocks.claim import in_line
from scripts.render.page.block import PageBlock, register_block
from scripts.render.page.build_context import Context
from scripts.render.page.html import escaped

MOST_WORDS = 25
_MARK = re.compile(r"\{(?:fixed|quoted):[^{}\n]*\}")
_LINK = re.compile(r"<a\b([^>]*)>(.*?)</a>", re.S)


class ResultBlock(PageBlock):
    """The argument is the claim's id, the content the result in at most 25 words; a reference counts as one.

    The card itself stands in the post's Evidence, as `/// claim | id` with `folded: true`. Both folds have one name, so
    that a browser keeps at most one of them open and nobody is read the card twice. Where the card is on another page,
    the line leads there and opens nothing.
    """

    NAME = "result"
    CONTENT = True

    def html(self) -> str:
        claim = self.evidence.claim(self.argument)
        words = " ".join(self.content.split())
        _check(words)
        lines = [use for use in self.evidence.uses if use.kind == "result" and use.id == claim.id]
        here = [use for use in lines if use.page == self.context.page]
        if len(here) > 1:
            raise SiteError(
                f"stands on lines {here[0].line} and {here[1].line}; "
                f"keep one, and write {{{{mark:{claim.id}}}}} for the other"
            )
        cards = self.evidence.shown("claim", claim.id)
        if not cards:
            raise SiteError(f"its card is on no page; put '/// claim | {claim.id}' with 'folded: true' into Evidence")
        said, sign = self.context.inline(words), verdict_sign(claim)
        if cards[0].page != self.context.page:
            link = f'<a class="result-verdict" href="{escaped(self.root + cards[0].url)}">{sign}</a>'
            return f'<p class="result" id="result-{claim.id}" data-holds="{claim.state}">{said} {link}</p>'
        self.context.results.append(claim.id)
        return (
            f'<details class="result" id="result-{claim.id}" name="claim-{claim.id}" data-holds="{claim.state}">'
            f'<summary class="result-line"><span class="result-text">{_without_links(said, self.where)}</span> '
            f"{sign}</summary>{in_line(claim)}</details>"
        )


def verdict_sign(claim: Claim) -> str:
    """The verdict with its words; the sign before them is drawn by the style."""
    return (
        f'<span class="claim-verdict" data-holds="{claim.state}">'
        f"{escaped(verdict_words.on_hosts(claim.verdicts))}</span>"
    )


def _check(words: str) -> None:
    if not words:
        raise SiteError(f"says nothing; write the result inside the block, in at most {MOST_WORDS} words")
    for reference in REFERENCE.findall(words):
        if reference.endswith((".ci", ".range")):
            raise SiteError(f"{{{{{reference}}}}} is an interval; leave it to the card")
        if reference.startswith("mark:"):
            raise SiteError(f"{{{{{reference}}}}} is a sign, and the line has its own; remove it")
    plain = REFERENCE.sub("value", _MARK.sub("", re.sub(r"\]\([^)]*\)", "", words)))
    count = sum(any(character.isalnum() for character in word) for word in plain.split())
    if count > MOST_WORDS:
        raise SiteError(f"has {count} words; say it in {MOST_WORDS}, a reference counts as one")


def _without_links(html: str, where: str) -> str:
    """The line as it may stand in what is clicked to open it: a value keeps its looks, and its link is the card's."""

    def unlinked(link: re.Match[str]) -> str:
        if 'class="value"' not in link[1]:
            raise SiteError(f"{where}: holds a link; put it into the text beside the line")
        return f'<span class="value">{link[2]}</span>'

    return _LINK.sub(unlinked, html)


def register(md: Markdown, context: Context) -> None:
    """Adds the block."""
    register_block(md, ResultBlock, context)
