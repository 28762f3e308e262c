"""The tokens given to each request in each step, as a table: a group of rows a run, the requests in their colours."""

from scripts.quotes.recorded_steps import AWAY, DECODE, IDLE, PROMPT, Cell, Run
from scripts.render.page.html import escaped


def table(runs: list[Run], labels: list[str], names: list[str], numbers: list[int], memory: bool = False) -> str:
    """The table of steps `numbers`. A run that is over sooner has empty cells there."""
    head = "".join(f'<th scope="col">{n}</th>' for n in numbers)
    groups = "".join(_group(run, label, names, numbers, memory) for run, label in zip(runs, labels, strict=True))
    return f'<table class="steps-table"><thead><tr><th scope="col">step</th>{head}</tr></thead>{groups}</table>'


def _group(run: Run, label: str, names: list[str], numbers: list[int], memory: bool) -> str:
    there = [n for n in numbers if n <= run.last]
    rows = [
        f'<tr><th scope="row"><span class="swatch prompt {colour(name, run)}">{escaped(name)}</span></th>'
        f"{''.join(_cell(run, name, n) for n in numbers)}</tr>"
        for name in names
        if any(run.cell(name, n).kind != AWAY for n in there)
    ]
    # SGLang's chunk size bounds the prompts of a batch and not its decodes.
    sums = _row(
        "tokens" if run.data["kind"] == "slots" else f"tokens of {run.budget:,}",
        [f"{sum(run.given(n).values()):,}" if n in there else "" for n in numbers],
    )
    kinds = _row("batch", [run.kind_of(n) if n in there else "" for n in numbers])
    free = ""
    if memory:
        found = {n: run.memory(n) for n in there}
        _, total, unit = run.memory(0)
        free = _row(f"free of {total:,} {unit}", [f"{found[n][0]:,}" if n in there else "" for n in numbers])
    return (
        f'<tbody><tr class="steps-run"><th scope="rowgroup" colspan="{len(numbers) + 1}">{escaped(label)}</th></tr>'
        f"{''.join(rows)}{sums}{kinds}{free}</tbody>"
    )


def _row(title: str, cells: list[str]) -> str:
    return (
        f'<tr class="steps-sum"><th scope="row">{escaped(title)}</th>'
        f"{''.join(f'<td>{escaped(cell)}</td>' for cell in cells)}</tr>"
    )


def _cell(run: Run, name: str, n: int) -> str:
    if n > run.last:
        return "<td></td>"
    cell = run.cell(name, n)
    classes = f' class="is-{cell.kind}"' if cell.kind != AWAY else ""
    return f"<td{classes}>{words(cell, run)}</td>"


def words(cell: Cell, run: Run) -> str:
    """What stands in a cell."""
    if cell.kind in (PROMPT, DECODE):
        found = f"<small> (+{cell.found:,} found)</small>" if cell.found else ""
        return f"{cell.tokens:,}{found}"
    return {IDLE: "0", AWAY: "", "waits": "waits", "out": run.lost_word}[cell.kind]


def colour(name: str, run: Run) -> str:
    """The class of a request's colour in the picture grammar, by its place in the record."""
    at = list(run.requests).index(name)
    return f"r{at + 1}" if at < 8 else ""
