"""The same steps as stacked bars: a row of bars a run, each as tall as the budget, the requests in their colours."""

from scripts.quotes.recorded_steps import DECODE, Run
from scripts.render.blocks.step_table import colour
from scripts.render.page.html import escaped

WIDTH, LEFT, TALL, HEAD, FOOT, GAP = 680, 8, 150, 24, 22, 14
TICK = 5.0  # height of one decode token: at the true scale of a large budget it would not be seen
NAMED = 17  # height of a part from which on its name fits in


def picture(runs: list[Run], labels: list[str], names: list[str], numbers: list[int], dots: str = "") -> str:
    """The SVG. What `names` leaves out is not drawn; `dots` is the request whose tokens are counted below the bars."""
    row = HEAD + TALL + FOOT + (14 if dots else 0)
    parts, top = [], 0.0
    for run, label in zip(runs, labels, strict=True):
        parts.append(_row(run, label, names, numbers, dots, top))
        top += row + GAP
    if dots:
        what = f"each dot: an answer token that {dots}'s user has after the step"
        parts.append(f'<text class="small" x="{LEFT}" y="{top:g}">{escaped(what)}</text>')
        top += 18
    said = f"{len(runs)} rows of {len(numbers)} bars, a bar a step; the table below holds the same numbers."
    return (
        f'<svg class="picture-svg" viewBox="0 0 {WIDTH} {top - GAP:g}" role="img" aria-label="{said}">'
        f"{''.join(parts)}</svg>"
    )


def _row(run: Run, label: str, names: list[str], numbers: list[int], dots: str, top: float) -> str:
    pitch = (WIDTH - LEFT) / len(numbers)
    wide, base = min(pitch - 16, 96), top + HEAD + TALL
    parts = [
        f'<text class="label {escaped(run.engine)}" x="{LEFT}" y="{top + 14:g}">{escaped(label)}</text>',
        f'<text class="small end" x="{WIDTH}" y="{top + 14:g}">a bar is {run.budget:,} tokens tall</text>',
    ]
    for at, n in enumerate(numbers):
        left = LEFT + at * pitch + (pitch - wide) / 2
        if n > run.last:
            continue
        parts.append(
            f'<rect class="block-free" x="{left:.1f}" y="{base - TALL:g}" width="{wide:.1f}" height="{TALL}"/>'
        )
        parts.append(_stack(run, names, n, left, wide, base))
        middle = left + wide / 2
        parts.append(f'<text class="small middle" x="{middle:.1f}" y="{base + 15:g}">step {n}</text>')
        if dots:
            parts.append(_dots(run, dots, n, middle, wide, base + 30))
    return "".join(parts)


def _stack(run: Run, names: list[str], n: int, left: float, wide: float, base: float) -> str:
    """The parts of one bar, in the order in which the engine has them in its batch, from below."""
    shown = [(name, tokens, run.cell(name, n).kind) for name, tokens in run.given(n).items() if name in names]
    ticks = sum(kind == DECODE for _, _, kind in shown)
    # Ticks are drawn taller than they are; what they take too much, prompts have too little.
    scale = (TALL - ticks * TICK) / max(run.budget - ticks, 1)
    scale = min(scale, TALL / run.budget)
    parts, at = [], base
    for name, tokens, kind in shown:
        tall = TICK if kind == DECODE else tokens * scale
        at -= tall
        style = "decode" if kind == DECODE else "prompt"
        inset = 1.0 if kind == DECODE else 0.0
        parts.append(
            f'<rect class="{colour(name, run)} {style}" x="{left:.1f}" y="{at:.2f}" width="{wide:.1f}" '
            f'height="{max(tall - inset, 1):.2f}"><title>{escaped(name)}: {tokens:,}</title></rect>'
        )
        if tall >= NAMED:
            parts.append(
                f'<text class="label middle" x="{left + wide / 2:.1f}" y="{at + tall / 2 + 5:.2f}">'
                f"{escaped(name)} {tokens:,}</text>"
            )
    return "".join(parts)


def _dots(run: Run, name: str, n: int, middle: float, wide: float, y: float) -> str:
    count = run.received[n][name]
    if count * 8 > wide:
        return f'<text class="small middle" x="{middle:.1f}" y="{y + 4:g}">{count}</text>'
    first = middle - (count - 1) * 4
    return "".join(
        f'<circle class="{colour(name, run)} decode" cx="{first + at * 8:.1f}" cy="{y:g}" r="3"/>'
        for at in range(count)
    )
