"""`/// calibration`: how often the range for another host was right, by kind of value; in a line that nobody knows yet
where the lab has not written it."""

from markdown import Markdown

from scripts.measured import calibration
from scripts.render.page import templates
from scripts.render.page.block import PageBlock, register_block
from scripts.render.page.build_context import Context


class CalibrationBlock(PageBlock):
    """Takes no argument."""

    NAME = "calibration"
    ARGUMENT = False

    def html(self) -> str:
        rows = calibration.load(self.context.root)
        return templates.render("calibration.html", rows=rows, missing=calibration.MISSING, root=self.root)


def register(md: Markdown, context: Context) -> None:
    """Adds the block."""
    register_block(md, CalibrationBlock, context)
