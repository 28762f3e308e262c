"""What a post says of its age, one badge an engine; and `/// drift-accuracy`, how far the classifier can be trusted."""

from scripts.drift import comparison_files
from scripts.drift.classify import STATES
from scripts.measured.inline_figures import escaped
from scripts.render.page.block import PageBlock, register_block
from scripts.sources.pins import Pin


class AccuracyBlock(PageBlock):
    """`/// drift-accuracy`: the confusion matrix of the classifier on the pieces labelled by hand."""

    NAME = "drift-accuracy"
    ARGUMENT = False

    def html(self) -> str:
        return accuracy_html(comparison_files.accuracy(self.evidence.root))


def accuracy_html(made: dict | None) -> str:
    """The matrix; what was labelled by hand goes down, what the classifier said across."""
    if made is None:
        return '<div class="drift"><p>Not measured yet; <code>make drift</code> does it.</p></div>'
    head = "".join(f'<th scope="col">said {state}</th>' for state in STATES)
    rows = ""
    for state, row in made["matrix"].items():
        cells = "".join(
            f"<td{' class=drift-right' if state == other else ''}>{count}</td>" for other, count in row.items()
        )
        rows += f'<tr><th scope="row">{state}</th>{cells}</tr>'
    caption = (
        f"{made['right']} of {made['labels']} as labelled by hand, {made['not_on_the_site']} of them not on this site; "
        f"{made['harmful']} changed or gone and called same or moved"
    )
    return (
        f'<div class="table-scroll drift" tabindex="0" role="region" aria-label="Confusion matrix"><table class="data">'
        f'<caption>{caption}</caption><thead><tr><th scope="col">by hand</th>{head}</tr></thead><tbody>{rows}</tbody>'
        "</table></div>"
    )


def badge_html(evidence, slug: str, root: str) -> str:
    """What a post's head says of its age: one badge an engine, against the newest release that was compared."""
    badges = [_badge(evidence, pin, f"snippets/{slug}.toml", root) for pin in evidence.pins.values()]
    shown = " ".join(badge for badge in badges if badge)
    said = "The code quoted here, in the newest release:"
    return f'<p class="drift-badges"><span>{said}</span> {shown}</p>' if shown else ""


def _badge(evidence, pin: Pin, manifest: str, root: str) -> str:
    asked = evidence.asked.get((pin.engine, manifest), 0)
    if not asked:
        return ""
    comparison = comparison_files.newest(evidence.comparisons, pin.engine)
    if comparison is None:
        return _shown("newest", f"{pin.name} {pin.version} is the newest", f"{root}reference/drift/")
    mine = comparison.of(manifest)
    counts = {state: sum(entry["state"] == state for entry in mine) for state in STATES}
    kept = counts["same"] + counts["moved"]
    said = f"{pin.name} {comparison.version}: {'all' if kept == asked else f'{kept} of'} {asked} unchanged"
    said += "".join(f", {counts[state]} {state}" for state in ("changed", "gone") if counts[state])
    if not mine:
        return _shown("newest", f"{pin.name} {comparison.version}: not compared yet", f"{root}reference/drift/")
    if asked > len(mine):
        said += f", {asked - len(mine)} not compared"
    number = manifest.rpartition("/")[2].partition("-")[0]
    state = "kept" if kept == asked else "changed"
    return _shown(state, said, f"{root}reference/drift/#{comparison.anchor}-{number}")


def _shown(state: str, text: str, address: str) -> str:
    return f'<a class="drift-badge" data-state="{state}" href="{address}">{escaped(text)}</a>'


def with_badge(html: str, evidence, slug: str, root: str) -> str:
    """A post's HTML with its badges below the heading."""
    badges = badge_html(evidence, slug, root)
    return html.replace("</h1>", f"</h1>\n{badges}", 1) if badges else html


def register(md, context) -> None:
    """Adds the block."""
    register_block(md, AccuracyBlock, context)
