"""`/// compare | id`: two recorded runs of the same requests side by side, in step, after a reader said what to expect.

With a script the question stands there alone until it is answered, then both runs open at the first marked moment.
Without one the page has the question, its answer folded, and the marked moments of both.
"""

import json
from html import unescape

from markdown import Markdown
from pymdownx.blocks.block import type_string

from scripts.quotes import replays
from scripts.quotes.compares import Checked
from scripts.render.blocks import compare_words
from scripts.render.blocks.replay import TAG, controls
from scripts.render.blocks.replay_frames import Frames
from scripts.render.blocks.replay_words import words
from scripts.render.page.block import PageBlock, register_block
from scripts.render.page.build_context import Context
from scripts.render.page.data_files import address
from scripts.render.page.html import Inline, escaped


class CompareBlock(PageBlock):
    """The argument is the compare's id in the page's manifest; `alt` says what its pictures show."""

    NAME = "compare"
    OPTIONS = {"alt": ("", type_string)}

    def html(self) -> str:
        context = self.context
        checked = context.compare(self.argument, self.evidence)
        names = [
            context.resolver.sources.pin(run.engine, run.path).name + f" {run.version}"
            for run in (checked.a, checked.b)
        ]
        told = Told(checked, names, context.inline)
        context.replay_data[checked.compare.place] = told.document()
        return told.figure(self.root, self.options["alt"])


class Told:
    """A checked compare in HTML: the figure for the page, the document beside it. `names` are the two releases."""

    def __init__(self, checked: Checked, names: list[str], inline: Inline = escaped):
        self.checked, self.compare, self.last = checked, checked.compare, checked.last
        self.runs = (checked.a, checked.b)
        self.frames = [Frames(run.data) for run in self.runs]
        key = checked.changed
        self.labels = [run.told(key) if key else name for run, name in zip(self.runs, names, strict=True)]
        self.releases = " and ".join(dict.fromkeys(names))
        self.inline = inline
        self.mark_html = {mark.step: inline(mark.text) for mark in self.compare.marks}
        self.anchor = f"compare-{self.compare.id}"

    def document(self) -> str:
        """What the script fetches: every step's two pictures, what differs, and the same as plain text."""
        steps: list[dict[str, object]] = [
            {"frames": self.pictures(n), "why": self.why(n), "says": self.says(n), "lines": []}
            for n in range(self.last + 1)
        ]
        for mark in self.compare.marks:
            steps[mark.step] |= {"mark": mark.id, "text": self.mark_html[mark.step]}
        made = {"format": replays.FORMAT, "id": self.compare.id, "steps": steps}
        return json.dumps(made, ensure_ascii=False, separators=(",", ":")) + "\n"

    def pictures(self, n: int) -> list[str]:
        """Both states of step `n`, the requests that differ pointed out. A run that is over stays as it ended."""
        differ = {name for name, *_ in compare_words.differences(*self.runs, n)}
        found = []
        for run, frames in zip(self.runs, self.frames, strict=True):
            frames.marked = differ
            found.append(frames.frame(min(n, run.last)))
        return found

    def why(self, n: int) -> str:
        """The rows in which the two differ at step `n`: the items that a replay has for its events."""
        rows = compare_words.differences(*self.runs, n)
        if not rows:
            return "<li>No difference in this step.</li>"
        head = "".join(f'<th scope="col">{escaped(label)}</th>' for label in self.labels)
        body = "".join(
            f'<tr><th scope="row">{escaped(name)}</th><td>{escaped(one)}</td><td>{escaped(other)}</td></tr>'
            for name, one, other in rows
        )
        return (
            '<li><table class="cp-differs"><thead><tr><th scope="col">differs</th>'
            f"{head}</tr></thead><tbody>{body}</tbody></table></li>"
        )

    def says(self, n: int) -> str:
        rows = compare_words.differences(*self.runs, n)
        one, other = self.labels
        said = "; ".join(f"{name}: {first} with {one}, {second} with {other}" for name, first, second in rows)
        return unescape(TAG.sub("", said)) or "no difference"

    def figure(self, root: str, alt: str) -> str:
        """The figure; `root` is the way to the site's root."""
        compare, anchor = self.compare, self.anchor
        start = compare.marks[0].step
        label = escaped(alt or compare.title)
        setting = f'<p class="cp-setting">Changed: {self.inline(compare.setting)}</p>' if compare.setting else ""
        question = self._question(setting)
        return (
            f'<figure class="replay compare{"" if question else " is-open"}" id="{anchor}" data-kind="compare" '
            f'data-search-exclude data-src="{root}{compare.place}" aria-labelledby="{anchor}-title">'
            f'<figcaption><a class="rp-title" id="{anchor}-title" href="#{anchor}">{escaped(compare.title)}</a> '
            f'<span class="rp-source">{escaped(self.releases)} \N{MIDDLE DOT} {self._sources(root)}</span></figcaption>'
            f"{question}"
            f'<div class="rp-player">{controls(anchor, start, self.last, compare.marks)}'
            f'<div class="rp-body"><div class="rp-said">{"" if question else self._said(start)}</div>'
            f'<div class="cp-sides">{self._sides(label, None if question else start)}</div></div>'
            '<p class="rp-sr" role="status" aria-live="polite"></p></div>'
            f'<ol class="rp-moments" aria-label="{label}">{"".join(map(self._moment, compare.marks))}</ol></figure>'
        )

    def _sources(self, root: str) -> str:
        """Links to both records."""
        return " and ".join(
            f'<a href="{root}{address(run.path)}">{escaped(run.path.rpartition("/")[2])}</a>' for run in self.runs
        )

    def _question(self, setting: str) -> str:
        compare = self.compare
        right = compare.answers.index(compare.right)
        buttons = "".join(
            f'<li><button type="button" data-answer="{at}">{escaped(answer)}</button></li>'
            for at, answer in enumerate(compare.answers)
        )
        plain = "; ".join(map(escaped, compare.answers))
        return (
            f'<div class="cp-ask" data-right="{right}">{setting}<p class="cp-question" id="{self.anchor}-question">'
            f"{self.inline(compare.question)}</p>"
            f'<ul class="cp-answers" aria-labelledby="{self.anchor}-question">{buttons}'
            '<li><button type="button" class="cp-show" data-answer="">just show it</button></li></ul>'
            f'<p class="cp-plain">One of: {plain}.</p>'
            '<p class="cp-verdict" role="status"></p>'
            f'<details class="cp-answer"><summary>The answer</summary><p><b>{escaped(compare.right)}.</b> '
            f"{self.inline(compare.because)}</p></details></div>"
        )

    def _said(self, n: int) -> str:
        mark = f'<p class="rp-mark">{self.mark_html[n]}</p>' if n in self.mark_html else ""
        return f'{mark}<ul class="rp-why">{self.why(n)}</ul>'

    def _sides(self, label: str, n: int | None) -> str:
        """Both pictures of step `n`. Where a question hides them, room for them: the script, which has fetched every
        step by the time that it is answered, puts them there."""
        frames = ["", ""] if n is None else self.pictures(n)
        return "".join(
            f'<div class="cp-side"><p class="cp-label">{escaped(side)}</p>'
            f'<div class="rp-stage" tabindex="0" role="group" aria-label="{label}, {escaped(side)}">{frame}</div></div>'
            for side, frame in zip(self.labels, frames, strict=True)
        )

    def _in_words(self, n: int) -> list[str]:
        return [
            f'<p class="cp-label">{escaped(side)}</p>{words(frame)}'
            for side, frame in zip(self.labels, self.pictures(n), strict=True)
        ]

    def _moment(self, mark) -> str:
        """A marked moment of both, as it stands there without a script."""
        return (
            f'<li id="{self.anchor}-{mark.id}"><p class="rp-label">Step {mark.step} of {self.last}</p>'
            f'<div class="rp-said">{self._said(mark.step)}{"".join(self._in_words(mark.step))}</div></li>'
        )


def register(md: Markdown, context: Context) -> None:
    """Adds the block."""
    register_block(md, CompareBlock, context)
