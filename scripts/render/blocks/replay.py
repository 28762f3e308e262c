"""`/// replay | id`: what an engine's own classes did, step by step, each step beside the line that decided it.

The page holds the first step and the marked moments, drawn here; the other steps lie beside it as JSON, drawn by the
same code, and are fetched by docs/assets/js/blocks/replay.js when a reader comes near. Without a script the
moments are the figure.
"""

import json
import re
from html import unescape

from pymdownx.blocks.block import type_number, type_string

from scripts.common.errors import SiteError
from scripts.quotes import replays
from scripts.quotes.manifest_tables import Mark
from scripts.quotes.replays import Checked
from scripts.render.blocks.replay_frames import Frames
from scripts.render.blocks.replay_words import words
from scripts.render.page.block import PageBlock, register_block
from scripts.render.page.build_context import Context
from scripts.render.page.data_files import address
from scripts.render.page.highlight import python_lines
from scripts.render.page.html import escaped

TAG = re.compile(r"<[^>]*>")
BUTTONS = (  # name, what a script does, icon
    ("First step", "first", '<path d="M6 5v14M19 5 9 12l10 7z"/>'),
    ("Step back", "back", '<path d="M16 5 6 12l10 7z"/>'),
    # Two, of which one is shown: not every browser takes a path's shape from a style.
    (
        "Play",
        "play",
        '<path class="rp-play" d="M7 4v16l13-8z"/><path class="rp-pause" d="M7 5h3v14H7zM14 5h3v14h-3z"/>',
    ),
    ("Step forward", "next", '<path d="M8 5l10 7-10 7z"/>'),
)


class ReplayBlock(PageBlock):
    """The argument is the replay's id in the page's manifest; `alt` says what its pictures show, `open` at which step
    it stands when the page is opened."""

    NAME = "replay"
    OPTIONS = {"alt": ("", type_string), "open": (1, type_number)}

    def html(self) -> str:
        context = self.context
        checked = context.replay(self.argument, self.evidence)
        told = Told(checked, context.inline)
        context.replay_data[checked.replay.place] = told.document()
        start, last = int(self.options["open"]), len(told.steps) - 1
        if not 0 <= start <= last:
            raise SiteError(f"option 'open': there is no step {start}, the last is {last}; write one that there is")
        return told.figure(self.root, self.options["alt"], start)


class Told:
    """A checked replay in HTML: the figure for the page, the document beside it."""

    def __init__(self, checked: Checked, inline=escaped):
        self.checked, self.replay = checked, checked.replay
        self.steps = checked.data["steps"]
        self.frames = Frames(checked.data)
        self.marks = {mark.step: mark for mark in self.replay.marks}
        self.mark_html = {mark.step: inline(mark.text) for mark in self.replay.marks}
        # Inline Markdown once for each text, its placeholders filled in after.
        self.template = {name: inline(because.text) for name, because in self.replay.because.items()}
        self.anchor = f"replay-{self.replay.id}"

    def document(self) -> str:
        """What the script fetches: every step's picture, reasons, plain text and lines."""
        steps = [
            {"frame": self.frames.frame(n), "why": self.why(n), "says": self.says(n), "lines": self.lines(n)}
            for n in range(len(self.steps))
        ]
        for mark in self.replay.marks:
            steps[mark.step] |= {"mark": mark.id, "text": self.mark_html[mark.step]}
        made = {"format": replays.FORMAT, "id": self.replay.id, "steps": steps}
        return json.dumps(made, ensure_ascii=False, separators=(",", ":")) + "\n"

    def figure(self, root: str, alt: str, start: int = 1) -> str:
        """The figure; `root` is the way to the site's root."""
        anchor, last = self.anchor, len(self.steps) - 1
        pin = next(iter(self.checked.lines.values()))[0].pin
        source = f'<a href="{root}{address(self.checked.path)}">{escaped(self.checked.path.rpartition("/")[2])}</a>'
        label = escaped(alt or self.replay.title)
        return (
            f'<figure class="replay" id="{anchor}" data-kind="{self.checked.data["kind"]}" data-search-exclude '
            f'data-src="{root}{self.replay.place}" aria-labelledby="{anchor}-title">'
            f'<figcaption><a class="rp-title" id="{anchor}-title" href="#{anchor}">{escaped(self.replay.title)}</a> '
            f'<span class="rp-source">{last} steps of {escaped(pin.name)} {escaped(pin.version)}\'s own classes '
            f"\N{MIDDLE DOT} {source}</span></figcaption>"
            f'<div class="rp-player">{controls(anchor, start, last, self.replay.marks)}'
            f'<div class="rp-body"><div class="rp-said">{self._said(start)}</div>'
            f'<div class="rp-stage" tabindex="0" role="group" aria-label="{label}">'
            f"{self.frames.frame(start)}</div></div>"
            '<p class="rp-sr" role="status" aria-live="polite"></p></div>'
            f'<ol class="rp-moments" aria-label="{label}">{"".join(map(self._moment, self.replay.marks))}</ol></figure>'
        )

    def _said(self, n: int) -> str:
        mark = f'<p class="rp-mark">{self.mark_html[n]}</p>' if n in self.marks else ""
        return f'{mark}<ul class="rp-why">{self.why(n)}</ul>'

    def _moment(self, mark) -> str:
        """A marked moment as it stands there without a script, in words."""
        return (
            f'<li id="{self.anchor}-{mark.id}"><p class="rp-label">Step {mark.step} of {len(self.steps) - 1}</p>'
            f'<div class="rp-said">{self._said(mark.step)}{words(self.frames.frame(mark.step))}</div></li>'
        )

    def why(self, n: int) -> str:
        """What happened in step `n`: an item an event, with the line that decided it."""
        items = []
        for event in self.steps[n]["events"]:
            excerpt, number = self.checked.lines[event["event"]]
            place = f"{excerpt.excerpt.path.rpartition('/')[2]}:{number}"
            # A line of a statement of several is coloured as it is inside the excerpt.
            code = python_lines(excerpt.lines, excerpt.before)[number - excerpt.first].strip()
            items.append(
                f"<li>{self._words(event)} "
                f'<a class="rp-line" href="#{excerpt.excerpt.id}-L{number}">'
                f'<span class="rp-at">{escaped(place)}</span> <code>{code}</code></a></li>'
            )
        return "".join(items) or "<li>Nothing has happened yet.</li>"

    def _words(self, event: dict) -> str:
        args = {key: escaped(replays.shown(value)) for key, value in event.get("args", {}).items()}
        return self.checked.says({"who": escaped(event.get("who", "")), "args": args}, self.template[event["event"]])

    def says(self, n: int) -> str:
        """The same as plain text, for a screen reader."""
        said = "; ".join(self._words(event) for event in self.steps[n]["events"])
        return unescape(TAG.sub("", said)) or "nothing has happened yet"

    def lines(self, n: int) -> list[str]:
        """The addresses of the lines that decided it."""
        found = [self.checked.lines[event["event"]] for event in self.steps[n]["events"]]
        return list(dict.fromkeys(f"{excerpt.excerpt.id}-L{number}" for excerpt, number in found))


def controls(anchor: str, start: int, last: int, marks: tuple[Mark, ...]) -> str:
    """Buttons, slider and marked moments of a player that stands at step `start` of 0 to `last`."""
    buttons = "".join(
        f'<button type="button" data-do="{do}" aria-label="{name}" title="{name}">{_icon(paths)}</button>'
        for name, do, paths in BUTTONS
    )
    moments = "".join(
        f'<li><a href="#{anchor}-{mark.id}" data-step="{mark.step}">{escaped(mark.id.replace("-", " "))}</a></li>'
        for mark in marks
    )
    return (
        f'<div class="rp-controls">{buttons}'
        f'<input type="range" min="0" max="{last}" value="{start}" step="1" aria-label="Step" '
        f'aria-valuetext="step {start} of {last}">'
        f'<span class="rp-count" aria-hidden="true">step {start} of {last}</span></div>'
        f'<nav class="rp-jump" aria-label="Marked moments"><ul>{moments}</ul></nav>'
    )


def _icon(paths: str) -> str:
    return f'<svg viewBox="0 0 24 24" aria-hidden="true">{paths}</svg>'


def register(md, context: Context) -> None:
    """Adds the block."""
    register_block(md, ReplayBlock, context)
