"""What a post says of its age, one badge an engine; and `/// drift-accuracy`, how far the classifier can be trusted."""

from dataclasses import dataclass

from markdown import Markdown

from scripts.catalog.site_data import Evidence
from scripts.drift import comparison_files
from scripts.drift.classify import STATES
from scripts.render.page import templates
from scripts.render.page.block import PageBlock, register_block
from scripts.render.page.build_context import Context
from scripts.sources.pins import Pin

PAGE = "reference/drift/"  # below the site's root


class AccuracyBlock(PageBlock):
    """`/// drift-accuracy`: the confusion matrix of the classifier on the pieces labelled by hand."""

    NAME = "drift-accuracy"
    ARGUMENT = False

    def html(self) -> str:
        return accuracy_html(comparison_files.accuracy(self.evidence.root))


def accuracy_html(accuracy: dict | None) -> str:
    """The matrix as committed; None where it was not measured."""
    return templates.render("drift_accuracy.html", accuracy=accuracy, states=STATES)


@dataclass(frozen=True)
class Badge:
    """`state` gives the badge its colour, `url` is where more is said."""

    state: str
    text: str
    url: str


def badge_html(evidence: Evidence, slug: str, root: str) -> str:
    """What a post's end says of its age, against the newest release that was compared; "" where it quotes nothing."""
    badges = [_badge(evidence, pin, f"snippets/{slug}.toml", root) for pin in evidence.pins.values()]
    shown = [badge for badge in badges if badge]
    return templates.render("drift_badges.html", badges=shown) if shown else ""


def _badge(evidence: Evidence, pin: Pin, manifest: str, root: str) -> Badge | None:
    count = evidence.asked.get((pin.engine, manifest), 0)  # of excerpts and hops
    if not count:
        return None
    comparison = comparison_files.newest(evidence.comparisons, pin.engine)
    if comparison is None:
        return Badge("newest", f"{pin.name} {pin.version} is the newest", f"{root}{PAGE}")
    entries = comparison.of(manifest)
    if not entries:
        return Badge("newest", f"{pin.name} {comparison.version}: not compared yet", f"{root}{PAGE}")
    counts = {state: sum(entry["state"] == state for entry in entries) for state in STATES}
    unchanged = counts["same"] + counts["moved"]
    text = f"{pin.name} {comparison.version}: {'all' if unchanged == count else f'{unchanged} of'} {count} unchanged"
    text += "".join(f", {counts[state]} {state}" for state in ("changed", "gone") if counts[state])
    if count > len(entries):
        text += f", {count - len(entries)} not compared"
    number = manifest.rpartition("/")[2].partition("-")[0]
    return Badge("kept" if unchanged == count else "changed", text, f"{root}{PAGE}#{comparison.anchor}-{number}")


def register(md: Markdown, context: Context) -> None:
    """Adds the block."""
    register_block(md, AccuracyBlock, context)
