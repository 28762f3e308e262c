"""What this project's Markdown blocks share: a wrong one stops the build, and its HTML is passed through as written."""

from typing import Any
from xml.etree import ElementTree as etree

from markdown import Markdown
from markdown.util import AtomicString
from pymdownx.blocks.block import Block

from scripts.catalog import site_data
from scripts.common.errors import SiteError
from scripts.pages.references import to_root
from scripts.render.page.build_context import Context
from scripts.render.page.inline_values import filled


class CheckedBlock(Block):
    """A block of this project: whatever is wrong with its header raises SiteError, where pymdownx leaves the block on
    the page as text.

    A subclass sets NAME, ARGUMENT (True: needed, False: none, None: either), ASKS (what its argument is) and OPTIONS
    (name -> (default, parser), as pymdownx wants it).
    """

    ARGUMENT: bool | None = True
    ASKS = "id"
    TAKES_ATTRS = False  # whether `attrs: {id: ...}` is an option, as pymdownx has it for every block

    @property
    def context(self) -> Context:
        """The build's state."""
        return self.config["context"]

    @property
    def evidence(self) -> site_data.Evidence:
        """What was measured and recorded, as of this build."""
        return self.context.evidence

    @property
    def root(self) -> str:
        """The way from the page to the site's root, so that a site below a sub-path works."""
        return to_root(self.context.page)

    @property
    def where(self) -> str:
        """How an error names this block: page, block, argument."""
        return f"{self.context.source}: {self.NAME}" + (f" '{self.argument}'" if getattr(self, "argument", "") else "")

    def _validate(self, parent: etree.Element, arg: Any, **options: Any) -> bool:
        self.argument = arg  # names the block in errors
        if self.ARGUMENT is True and not arg:
            raise SiteError(f"{self.where}: has no {self.ASKS}; write '/// {self.NAME} | {self.ASKS}'")
        if self.ARGUMENT is False and arg:
            raise SiteError(f"{self.where}: takes no {self.ASKS}; write '/// {self.NAME}'")
        for key, value in options.items():
            if key not in self.OPTIONS:
                if key == "attrs" and self.TAKES_ATTRS:
                    continue
                known = ", ".join([*self.OPTIONS, *(["attrs"] if self.TAKES_ATTRS else [])]) or "it takes none"
                raise SiteError(f"{self.where}: unknown option '{key}'; remove it ({known})")
            try:
                self.OPTIONS[key][1](value)
            except ValueError as error:
                raise SiteError(f"{self.where}: option '{key}': {error}; correct it") from None
        if not super()._validate(parent, arg, **options):
            raise SiteError(f"{self.where}: an option is not as it should be; write attrs as 'attrs: {{id: some-id}}'")
        return True


class PageBlock(CheckedBlock):
    """A block that becomes HTML of its own: `/// name | argument`, options, content, `///`.

    A subclass also says in CONTENT whether it takes any, and writes `html()`, which is called at the block's end with
    the raw text inside it in `self.content`.
    """

    CONTENT = False
    content = ""

    @property
    def caption(self) -> str:
        """The content as a caption: inline Markdown in HTML, "" where there is none."""
        return self.context.inline(" ".join(self.content.split())) if self.content else ""

    def alt_and_caption(self) -> tuple[str, str]:
        """What a block that is a drawing must have: the option `alt` with its values filled in, and a caption."""
        alt = self.options["alt"].strip()
        if not alt:
            raise SiteError(f"{self.where}: has no alt text; add '    alt: what it shows' below its first line")
        if not self.content:
            raise SiteError(f"{self.where}: has no caption; write inside the block what to take away from it")
        return filled(alt, self.evidence), self.caption

    def html(self) -> str:
        """The block's HTML, begun by a block-level element."""
        raise NotImplementedError

    def on_markdown(self) -> str:
        return "raw"

    def on_create(self, parent: etree.Element) -> etree.Element:
        return etree.SubElement(parent, "p")

    def on_end(self, block: etree.Element) -> None:
        self.content = (block.text or "").strip()
        if self.content and not self.CONTENT:
            raise SiteError(f"{self.where}: takes no content; move '{self.content.splitlines()[0][:40]}' out of it")
        try:
            html = self.html()
        except SiteError as error:
            text = str(error)
            # An excerpt's error names page and block itself; the others are raised where neither is known.
            raise SiteError(text if text.startswith(("docs/", "snippets/")) else f"{self.where}: {text}") from None
        # A paragraph that holds nothing but stashed HTML is replaced by it whole.
        block.text = AtomicString(self.md.htmlStash.store(html))


def register_block(md: Markdown, block: type[CheckedBlock], context: Context) -> None:
    """Makes `/// NAME` known to a converter that has the blocks manager."""
    md.parser.blockprocessors["blocks"].register(block, {"context": context})
