"""In what two runs of the same requests differ at a step, in words: a row for each request, the tokens, the memory."""

from scripts.quotes.recorded_steps import AWAY, DECODE, IDLE, OUT, PROMPT, WAITS, Run


def differences(one: Run, other: Run, n: int) -> list[tuple[str, str, str]]:
    """(what, in the one, in the other) for whatever differs after step `n`, requests first. A run that is over stays
    as it ended."""
    rows = [(name, doing(one, name, n), doing(other, name, n)) for name in one.requests]
    rows.append(("tokens in the step", total(one, n), total(other, n)))
    (free, _, unit), (free_other, _, unit_other) = (run.memory(min(n, run.last)) for run in (one, other))
    if unit == unit_other:
        rows.append((f"free {unit}", f"{free:,}", f"{free_other:,}"))
    return [row for row in rows if row[1] != row[2]]


def doing(run: Run, name: str, n: int) -> str:
    """What a request does in step `n`."""
    state = run.steps[min(n, run.last)]["state"]
    cell = run.cell(name, n) if 1 <= n <= run.last else None
    if cell and cell.kind in (PROMPT, DECODE):
        noun = "token" if cell.tokens == 1 else "tokens"
        whose = "answer" if cell.kind == DECODE else _of_a_prompt(run, name, n)
        words = f"{cell.tokens:,} {whose} {noun}"
        if cell.found:
            words += f", {cell.found:,} found"
        return words + (", finished" if name in state["finished"] else "")
    for event in run.steps[n]["events"] if n <= run.last else ():
        if event["event"] == "refused" and event["who"] == name:
            return f"waits: asks for {event['args']['wants']:,} slots, {event['args']['left']:,} are left"
    if cell and cell.kind in (IDLE, WAITS, OUT):
        return {IDLE: "no token", WAITS: "waits", OUT: run.lost_word}[cell.kind]
    assert cell is None or cell.kind == AWAY
    return "finished" if name in state["finished"] else "not here yet"


def _of_a_prompt(run: Run, name: str, n: int) -> str:
    """Whose tokens are computed if they are no decode's: after a loss of memory the answer's are among them."""
    lost = any(run.cell(name, before).kind == OUT for before in range(1, n))
    return "known" if lost else "prompt"


def total(run: Run, n: int) -> str:
    """The tokens of the step; none where the run is over."""
    return f"{sum(run.given(n).values()):,}" if n <= run.last else "over"
