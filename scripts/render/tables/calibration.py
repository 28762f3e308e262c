"""`/// calibration`: how often the range for another host was right, by kind of value; `/// calibration-hosts`: by the
host that was left out. Both say in a line that nobody knows yet where the lab has not written it."""

from markdown import Markdown

from scripts.measured import calibration
from scripts.render.page import templates
from scripts.render.page.block import PageBlock, register_block
from scripts.render.page.build_context import Context

HOSTS = "reference/hosts.md"  # of docs/, where each host has a section


class CalibrationBlock(PageBlock):
    """Takes no argument."""

    NAME = "calibration"
    ARGUMENT = False

    def html(self) -> str:
        rows = calibration.load(self.context.root)
        return templates.render("calibration.html", rows=rows, missing=calibration.MISSING, root=self.root)


class CalibrationHostsBlock(PageBlock):
    """Takes no argument."""

    NAME = "calibration-hosts"
    ARGUMENT = False

    def html(self) -> str:
        hosts, linked = calibration.hosts(self.context.root), (self.context.root / "docs" / HOSTS).is_file()
        return templates.render(
            "calibration_hosts.html", hosts=hosts, linked=linked, missing=calibration.MISSING, root=self.root
        )


def register(md: Markdown, context: Context) -> None:
    """Adds the blocks."""
    register_block(md, CalibrationBlock, context)
    register_block(md, CalibrationHostsBlock, context)
