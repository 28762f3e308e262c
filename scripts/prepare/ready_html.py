"""A Python-Markdown extension that takes a prepared page's HTML out of the reader's sight.

The page is the same without it. Markdown's reader goes through HTML tag by tag to pass it on unchanged, and MkDocs does
so once more: a third of a build, for what nothing changes.
"""

from typing import Any

import markdown
from markdown.extensions import Extension
from markdown.preprocessors import Preprocessor

from scripts.prepare.headings import LINE


class _Stash(Preprocessor):
    def run(self, lines: list[str]) -> list[str]:
        kept: list[str] = []
        html: list[str] = []
        for line in [*lines, "# {#}"]:
            if not LINE.match(line):
                html.append(line)
                continue
            if chunk := "\n".join(html).strip("\n"):
                kept += ["", self.md.htmlStash.store(chunk), ""]
            kept.append(line)
            html = []
        return [*kept[:-1], ""]


class ReadyHtml(Extension):
    """The extension."""

    def extendMarkdown(self, md: markdown.Markdown) -> None:
        md.preprocessors.register(_Stash(md), "ready_html", 28)  # once lines are normal, before anything reads them


def makeExtension(**kwargs: Any) -> Extension:  # noqa: N802 - Python-Markdown looks for this name
    """The extension, when it is named by a string."""
    return ReadyHtml(**kwargs)
