"""`/// steps | 02/replay-loop`: what each request is given in each step, from a record's replay, as table and bars.

    /// steps | 02/replay-loop
        steps: 1-5
        requests: r1 r2 r3 r4
        with: 02/replay-sglang
        draw: true
        dots: r1
    Caption, Markdown.
    ///

`with` puts another record below: the same steps of the other engine, or of the same one with another setting. `draw`
adds the picture, `dots` a dot below each bar for every answer token that this request's user then has. `memory: true`
adds the row of what is free.
"""

import re
from typing import Any

from markdown import Markdown
from pymdownx.blocks.block import type_boolean, type_string

from scripts.common.errors import SiteError
from scripts.quotes.recorded_steps import Run, read
from scripts.render.blocks import step_bars, step_table
from scripts.render.page.block import PageBlock, register_block
from scripts.render.page.build_context import Context
from scripts.render.page.data_files import address
from scripts.render.page.html import escaped

RANGE = re.compile(r"(\d+)(?:-(\d+))?")
MOST = 16  # columns, beyond which a table is no picture of anything


def type_text(value: Any) -> str:
    """Text, also where YAML sees a number: `steps: 5`."""
    return type_string(str(value) if isinstance(value, int) and not isinstance(value, bool) else value)


class StepsBlock(PageBlock):
    """The argument is a record, "NN/measurement"; the content is the caption, inline Markdown, and may be missing."""

    NAME = "steps"
    OPTIONS = {
        "steps": ("", type_text),
        "requests": ("", type_text),
        "with": ("", type_string),
        "draw": (False, type_boolean),
        "dots": ("", type_text),
        "memory": (False, type_boolean),
    }
    CONTENT = True

    def html(self) -> str:
        runs = [self._run(name) for name in (self.argument, self.options["with"]) if name]
        numbers = self._steps(runs)
        names = self._requests(runs)
        dots = self.options["dots"].strip()
        if dots and dots not in names:
            raise SiteError(f"option 'dots': '{dots}' is no request of this table; use one of {' '.join(names)}")
        if dots and not self.options["draw"]:
            raise SiteError("option 'dots': belongs to the picture; add draw: true, or remove it")
        id = "steps-" + "-".join([*(run.name.rpartition("/")[2] for run in runs), str(numbers[0]), str(numbers[-1])])
        labels = [self._label(run, runs) for run in runs]
        drawn = step_bars.picture(runs, labels, names, numbers, dots) if self.options["draw"] else ""
        caption = self.caption
        sources = " \N{MIDDLE DOT} ".join(
            f'<a href="{self.root}{address(run.path)}">{escaped(run.name.rpartition("/")[2])}.json</a>' for run in runs
        )
        table = step_table.table(runs, labels, names, numbers, self.options["memory"])
        picture = f'<div class="steps-scroll" {SCROLLS.format("The steps as bars")}>{drawn}</div>' if drawn else ""
        return (
            f'<figure class="steps" id="{escaped(id)}">{picture}'
            f'<div class="steps-scroll" {SCROLLS.format("Tokens given in each step")}>{table}</div>'
            f'<figcaption>{caption} <span class="steps-source">Recorded: {sources}</span></figcaption></figure>'
        )

    def _run(self, name: str) -> Run:
        return read(name, self.evidence.record(name))

    def _steps(self, runs: list[Run]) -> list[int]:
        """The steps to show. They have to be there in the longer of the runs."""
        last = max(run.last for run in runs)
        asked = self.options["steps"].strip() or f"1-{min(last, MOST)}"
        found = RANGE.fullmatch(asked)
        if not found:
            raise SiteError(f"option 'steps': '{asked}' is no range; write two numbers, as in 1-5")
        first, end = int(found[1]), int(found[2] or found[1])
        if not 1 <= first <= end <= last:
            raise SiteError(f"option 'steps': {asked} is not within the record's steps; they are 1-{last}")
        if end - first >= MOST:
            raise SiteError(
                f"option 'steps': {asked} are more than {MOST}, which no screen shows; write a shorter range"
            )
        return list(range(first, end + 1))

    def _requests(self, runs: list[Run]) -> list[str]:
        known = list(runs[0].requests)
        for run in runs[1:]:
            if run.requests != runs[0].requests:
                raise SiteError(
                    f"{run.name} has other requests than {runs[0].name}; name two records of the same requests"
                )
        asked = self.options["requests"].split() or known
        for name in asked:
            if name not in known:
                raise SiteError(f"option 'requests': there is no '{name}'; use some of {' '.join(known)}")
        return asked

    def _label(self, run: Run, runs: list[Run]) -> str:
        """An engine, and where the table shows one engine twice, what is different."""
        pin = self.context.resolver.sources.pin(run.engine, run.path)
        same = [other for other in runs if other.engine == run.engine]
        keys = dict.fromkeys(key for other in same for key in other.setup)
        what = ", ".join(run.told(key) for key in keys if len({other.told(key) for other in same}) > 1)
        return f"{pin.name} {run.version}" + (f", {what}" if what else "")


SCROLLS = 'tabindex="0" role="group" aria-label="{}"'


def register(md: Markdown, context: Context) -> None:
    """Adds the block."""
    register_block(md, StepsBlock, context)
