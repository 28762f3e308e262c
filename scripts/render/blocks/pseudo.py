"""`/// pseudo | vllm`: an engine's mechanism in a few lines of our own, told from its code by its label."""

import re

from markdown import Markdown
from pymdownx.blocks.block import type_string

from scripts.catalog import typed_numbers
from scripts.common.errors import SiteError
from scripts.render.page.block import PageBlock, register_block
from scripts.render.page.build_context import Context
from scripts.render.page.html import escaped, escaped_code

MOST_LINES = 12
MOST_COLUMNS = 60
_COMMENT = re.compile(r"(?:^|(?<=\s))#.*$")


class PseudoBlock(PageBlock):
    """The argument is the engine, `title` what the lines do. A number with a unit is marked as in prose; the mark is
    not shown and counts for no column."""

    NAME = "pseudo"
    OPTIONS = {"title": ("", type_string)}
    CONTENT = True

    def html(self) -> str:
        pin = self.evidence.pins.get(self.argument)
        if pin is None:
            raise SiteError(f"is no engine; use one of {', '.join(self.evidence.pins)}")
        lines = [typed_numbers.ANY_MARK.sub("", line).rstrip() for line in self.content.split("\n")]
        _check(lines)
        title = self.options["title"].strip()
        what = f"{pin.name}, pseudo-code" + (f": {title}" if title else "")
        name = f'<b class="pseudo-engine">{escaped(pin.name)}</b>' + (f" {escaped(title)}" if title else "")
        code = "\n".join(_COMMENT.sub(lambda found: f"<i>{found[0]}</i>", escaped_code(line)) for line in lines)
        return (
            f'<figure class="pseudo" data-engine="{escaped(self.argument)}"><figcaption>{name} '
            f'<span class="pseudo-ours">pseudo-code, ours</span></figcaption>'
            f'<pre tabindex="0" role="group" aria-label="{escaped(what)}">{code}</pre></figure>'
        )


def _check(lines: list[str]) -> None:
    if not any(lines):
        raise SiteError("is empty; write the mechanism inside the block")
    if len(lines) > MOST_LINES:
        raise SiteError(f"has {len(lines)} lines; leave out what is rare until {MOST_LINES} are left")
    for line in lines:
        if len(line) > MOST_COLUMNS:
            raise SiteError(f"'{line.strip()[:40]}' is in a line of {len(line)} columns; at most {MOST_COLUMNS}")


def register(md: Markdown, context: Context) -> None:
    """Adds the block."""
    register_block(md, PseudoBlock, context)
