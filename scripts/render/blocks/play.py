"""A reader's own requests in both engines, as a figure: a compare of two engines that asks nothing beforehand.

It is on no page of the site: `make play` puts it on one of its own (scripts/build/play.py).
"""

from dataclasses import dataclass, field

from scripts.common.errors import SiteError
from scripts.quotes.compares import Checked
from scripts.quotes.manifest_tables import Compare, Mark
from scripts.quotes.recorded_steps import Run, read
from scripts.render.blocks import play_words
from scripts.render.blocks.compare import Told
from scripts.render.page.html import escaped

NAMES = {"vllm": "vLLM", "sglang": "SGLang"}
MOST = 16_000_000  # characters of pictures, beyond which a browser is slow to step


@dataclass(frozen=True)
class Stored:
    """A run of what the lab wrote, as a record that `recorded_steps.read` takes."""

    path: str
    data: dict = field(repr=False)
    columns: dict = field(default_factory=dict)


def runs(played: dict) -> list[Run]:
    """The runs of a file of play_format. SiteError for what cannot be drawn."""
    found = []
    for run in played["runs"]:
        stored = Stored(played["file"], {"engine": run["engine"], "extra": {"replay": run["replay"]}})
        found.append(read(played["file"], stored))
    if len(found) != 2:
        raise SiteError(f"{played['file']}: {len(found)} runs in place of two; drive both engines again")
    return found


class Played(Told):
    """The two runs in HTML. `cut` is the last step that was drawn, where the pictures would have become too many."""

    def __init__(self, played: dict):
        self.ended = [run["ended"] for run in played["runs"]]
        one, other = runs(played)
        names = [f"{NAMES.get(run.engine, run.engine)} {run.version}" for run in (one, other)]
        compare = Compare(
            file="play.toml", id="yours", title=played["file"], a="vllm", b="sglang", question="-", answers=("-",),
            right="-", because="-", marks=(),
        )  # fmt: skip
        super().__init__(Checked(compare, one, other, ""), names)
        whole = self.last
        self._drawn: list[list[str]] = []
        size = 0
        for n in range(whole + 1):
            frames = super().pictures(n)
            size += sum(map(len, frames))
            if size > MOST and n > 1:
                break
            self._drawn.append(frames)
        self.last = len(self._drawn) - 1
        self.cut = self.last if self.last < whole else None
        marks = play_words.moments([one, other], self.labels, self.ended, self.last)
        self.compare = Compare(
            **{name: getattr(compare, name) for name in compare.__struct_fields__ if name != "marks"},
            marks=tuple(Mark(id=name, step=n, text=text) for n, name, text in marks),
        )
        self.mark_html = {mark.step: escaped(mark.text) for mark in self.compare.marks}

    def pictures(self, n: int) -> list[str]:
        return self._drawn[n]

    def why(self, n: int) -> str:
        """What each engine did in step `n`, an item an engine."""
        return "".join(
            f"<li><b>{escaped(label)}</b> {escaped(self._did(at, n))}.</li>" for at, label in enumerate(self.labels)
        )

    def says(self, n: int) -> str:
        return "; ".join(f"{label}: {self._did(at, n)}" for at, label in enumerate(self.labels))

    def _did(self, at: int, n: int) -> str:
        run = self.runs[at]
        if n > run.last:
            return f"ended in step {run.last}" if self.ended[at] == "finished" else f"was stopped after step {run.last}"
        return "; ".join(play_words.events(run, n)) or ("nothing" if n else "nothing has happened yet")

    def _question(self, setting: str) -> str:
        return ""  # a reader who changes a number and looks again has something else in mind

    def _sources(self, root: str) -> str:
        return "your own file"

    def data(self) -> tuple[str, str]:
        """(address below the page's root, JSON): what the script fetches."""
        return self.compare.place, self.document()


def summary(played: dict) -> list[dict]:
    """A row a request: {"name", "prompt", "answer", "arrives", "runs": [{"first", "last", "lost"}]}, the steps of its
    first and its last token in each run, None where it has none, and how often it lost its memory."""
    rows = []
    both = runs(played)
    for name, how in played["workload"]["requests"].items():
        size = both[0].requests[name]
        row = {"name": name, "prompt": size["prompt"], "answer": size["output"], "arrives": how["at"], "runs": []}
        for run in both:
            has = [received[name] for received in run.received]
            # A token of a step ahead is counted when it is in.
            row["runs"].append({
                "first": next((n for n, count in enumerate(has) if count), None),
                "last": next((step["n"] for step in run.steps if name in step["state"]["finished"]), None),
                "lost": sum(who == name for _, who in play_words.lost(run)),
            })  # fmt: skip
        rows.append(row)
    return rows
