"""The Python-Markdown extension: blocks that raise instead of passing as text, and a registry for them.

Any module of this package with a function `register(md, context)` takes part. It adds blocks with

    def register(md, context):
        register_block(md, ClaimBlock, context)

where ClaimBlock derives from scripts.render.page.block.PageBlock or CheckedBlock, or inline patterns and the like with
Python-Markdown's own calls. `context` is a scripts.render.page.build_context.Context, which says how it is driven.
"""

import functools
import importlib
import pkgutil
import re
from types import ModuleType
from typing import Any

import markdown
import yaml
from markdown.extensions import Extension
from markdown.postprocessors import Postprocessor
from markdown.preprocessors import Preprocessor
from pymdownx import blocks
from pymdownx.blocks import BlocksExtension

from scripts import render as package
from scripts.common.errors import SiteError
from scripts.pages import front_matter
from scripts.render.page.block import CheckedBlock
from scripts.render.page.build_context import Context

OPENS = re.compile(r"[ ]*(?P<slashes>/{3,})[ ]*(?P<name>[\w-]+)[ ]*(?:\|[ ]*(?P<argument>.*?)[ ]*)?$")
SLASHES = re.compile(r"[ ]*(?P<slashes>/{3,})(?!/)(?P<rest>.*)$")


def options(text: str) -> dict[str, Any] | None:
    """What a block's indented lines say; None for what is no options. In a fifth of the time of pymdownx's own."""
    try:
        said = yaml.load(text, front_matter.LOADER)
    except (yaml.YAMLError, ValueError):  # a date that there is not
        return None
    return {} if said is None else said if isinstance(said, dict) else None


blocks.get_frontmatter = options


class CheckHeaders(Preprocessor):
    """Finds every `///` line that would pass as text: unknown name, options that are no YAML, a block left open."""

    def __init__(self, md: markdown.Markdown, context: Context):
        super().__init__(md)
        self.context = context

    def run(self, lines: list[str]) -> list[str]:
        known = self.md.parser.blockprocessors["blocks"].blocks
        opened: list[tuple[str, str]] = []
        for index, line in enumerate(lines):
            slashes = SLASHES.match(line)
            if not slashes:
                continue
            if not slashes["rest"].strip():
                if opened and opened[-1][0] == slashes["slashes"]:
                    opened.pop()
                    continue
                raise SiteError(
                    f"{self.context.source}: '{line.strip()}' closes no block; remove it or add what it closes"
                )
            header = OPENS.match(line)
            if not header or header["name"] not in known:
                raise SiteError(
                    f"{self.context.source}: '{line.strip()}' is no known block; use one of {', '.join(sorted(known))}"
                )
            if issubclass(known[header["name"]], CheckedBlock):
                self._check_options(lines, index, line)
            if opened and len(opened[-1][0]) <= len(header["slashes"]):
                raise SiteError(
                    f"{self.context.source}: '{line.strip()}' stands in '{opened[-1][1]}', which would end with it; "
                    f"begin and end the outer one with '{header['slashes']}/'"
                )
            opened.append((header["slashes"], line.strip()))
        if opened:
            raise SiteError(
                f"{self.context.source}: '{opened[-1][1]}' is never closed; end it with a line '{opened[-1][0]}'"
            )
        return lines

    def _check_options(self, lines: list[str], index: int, header: str) -> None:
        text = []
        for line in lines[index + 1 :]:
            if not line.startswith("    ") or not line.strip():
                break
            text.append(line)
        try:
            right = isinstance(yaml.load("\n".join(text), front_matter.LOADER) or {}, dict)
        except yaml.YAMLError:
            right = False
        if not right:
            raise SiteError(
                f"{self.context.source}: '{header.strip()}': its indented lines are no options; "
                "write 'name: value', quoted where the value holds a colon"
            )


class FinishPage(Postprocessor):
    """Ends a page: by now every block of it has been made."""

    def __init__(self, md: markdown.Markdown, context: Context):
        super().__init__(md)
        self.context = context

    def run(self, text: str) -> str:
        self.context.finish_page()
        return text


class PageExtension(BlocksExtension):
    """The extension. `nested` is for converting a piece of a page inside another block: it ends no page."""

    def __init__(self, context: Context | None = None, nested: bool = False, **kwargs: Any):
        self.context = context or CONTEXT
        self.nested = nested
        super().__init__(**kwargs)

    def extendMarkdown(self, md: markdown.Markdown) -> None:
        self.register_block_mgr(md)
        for module in modules():
            module.register(md, self.context)
        if not self.nested:
            self.context.make_inline = self._nested_converter
            # Below every preprocessor that takes code out of sight, which may show a block without meaning it.
            md.preprocessors.register(CheckHeaders(md, self.context), "page_headers", 1)
            md.postprocessors.register(FinishPage(md, self.context), "page_finish", -100)

    def _nested_converter(self) -> markdown.Markdown:
        return markdown.Markdown(extensions=[PageExtension(self.context, nested=True)])


@functools.cache
def modules() -> list[ModuleType]:
    """The modules of this package that register something, by name."""
    names = sorted(module.name for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."))
    loaded = [importlib.import_module(name) for name in names]
    return [module for module in loaded if hasattr(module, "register")]


CONTEXT = Context()  # for a build that names the extension by a string: `scripts.render.page.extension`


def makeExtension(**kwargs: Any) -> Extension:  # noqa: N802 - Python-Markdown looks for this name
    """The extension, on the context of this module, when it is named by a string."""
    return PageExtension(**kwargs)
