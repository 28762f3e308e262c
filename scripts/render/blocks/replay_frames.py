"""One state of a replay as HTML, by kind. The page shows the marked states; a script puts in the others as they are.

`data-k` names a thing from step to step, so that the script can let it move to its new place, and `data-v` what it
holds, so that a change can be seen. Colours only repeat what a name or a number says.
"""

from scripts.render.blocks import replay_slots, replay_tree
from scripts.render.blocks.replay_tree import bar
from scripts.render.page.html import escaped

# Hues of requests in the order of the record, neighbours far apart.
HUES = (212, 28, 146, 322, 52, 268, 184, 2, 98, 240)


class Frames:
    """Draws the states of one replay; what never changes is looked up once. `data` is the record's `extra.replay`."""

    def __init__(self, data: dict):
        self.data = data
        self.setup = data.get("setup", {})
        self.requests = data.get("requests") or {}
        self.hue = {name: HUES[at % len(HUES)] for at, name in enumerate(self.requests)}
        self.marked: set[str] = set()  # requests to point out, those in which two runs differ
        self.draw = {
            "scheduler": self.scheduler,
            "slots": self.slots,
            "blocks": self.blocks,
            "tree": self.tree,
        }[data["kind"]]

    def frame(self, n: int) -> str:
        """The HTML of step `n`."""
        return self.draw(self.data["steps"][n]["state"])

    def style(self, *names: str) -> str:
        """The colour of a request, or of two that share a thing."""
        hues = [self.hue.get(name, HUES[0]) for name in names]
        return f"--h:{hues[0]}" + (f";--h2:{hues[1]}" if len(hues) > 1 else "")

    def chip(self, name: str, prefix: str, extra: str = "", classes: str = "") -> str:
        """A request's name in its colour."""
        return (
            f'<li class="rp-chip {classes}{self.mark(name)}" data-k="{prefix}-{escaped(name)}" '
            f'style="{self.style(name)}">{escaped(name)}{extra}</li>'
        )

    def mark(self, name: str) -> str:
        return " is-marked" if name in self.marked else ""

    def queues(self, state: dict, given: dict) -> str:
        """Waiting, running and finished requests, each queue in its order."""
        running = [each["id"] if isinstance(each, dict) else each for each in state["running"]]
        most = self.setup.get("max_num_seqs")
        preempted = state.get("preempted", [])
        lost = "retracted" if self.data["kind"] == "slots" else "preempted"

        def chips(names: list) -> str:
            items = []
            for name in names:
                extra = f" <b>+{given[name]:,}</b>" if name in given and name in running else ""
                out = name in preempted and name in state["waiting"]
                extra += f' <span class="rp-out">{lost}</span>' if out else ""
                items.append(self.chip(name, "q", extra, "is-out" if out else ""))
            return "".join(items) or '<li class="rp-none">none</li>'

        parts = []
        for title, names, of in (
            ("Waiting", state["waiting"], ""),
            ("Running", running, f" of at most {most}" if most else ""),
            ("Finished", state["finished"], ""),
        ):
            parts.append(
                f'<div class="rp-queue"><p class="rp-label">{title} <b>{len(names)}</b>{of}</p>'
                f'<ol class="rp-chips">{chips(names)}</ol></div>'
            )
        return f'<div class="rp-queues">{"".join(parts)}</div>'

    def tree(self, state: dict) -> str:
        return replay_tree.tree(state, self.setup)

    def slots(self, state: dict) -> str:
        return replay_slots.slots(self, state)

    def scheduler(self, state: dict) -> str:
        total, given = state["budget"]["total"], state["budget"]["given"]
        return (
            bar(
                "Token budget",
                total,
                [(name, tokens, self.style(name), f"g-{name}") for name, tokens in given.items()],
                "not used",
                "tokens",
            )
            + self.queues(state, given)
            + self.progress(state)
            + self._pool(state)
        )

    def progress(self, state: dict) -> str:
        """A row for each request: how far it has come, and its block table, where it has one."""
        tables = state.get("tables")
        longest = max((each["prompt"] + each["output"] for each in self.requests.values()), default=1)
        running = {each["id"]: each for each in state["running"]}
        rows = []
        for name, size in self.requests.items():
            whole = size["prompt"] + size["output"]
            at, text, classes = 0, "not here yet", "is-away"
            if name in running:
                at, classes = running[name]["computed"], f"is-{running[name]['phase']}"
                text = f"{running[name]['phase']}, {at:,} of {running[name]['known']:,}"
            elif name in state["finished"]:
                at, text, classes = whole, "finished", "is-done"
            elif name in state["waiting"]:
                again = name in state.get("preempted", ())
                text, classes = "waits, computed 0" + (" again" if again else ""), "is-waiting"
            cells = "".join(
                f'<li class="rp-cell" data-k="t-{escaped(name)}-{at_block}" style="{self.style(name)}">{block}</li>'
                for at_block, block in enumerate((tables or {}).get(name, ()))
            )
            rows.append(
                f'<li class="rp-row {classes}{self.mark(name)}" style="{self.style(name)}">'
                f'<span class="rp-name">{escaped(name)}</span><span class="rp-track">'
                f'<span class="rp-length" style="width:{_share(whole, longest)}%">'
                f'<span class="rp-prompt" style="width:{_share(size["prompt"], whole)}%"></span>'
                f'<span class="rp-done" data-w="d-{escaped(name)}" style="width:{_share(at, whole)}%"></span></span>'
                f'</span><span class="rp-text">{text}</span>'
                + ("" if tables is None else f'<ol class="rp-table" aria-label="block table">{cells}</ol>')
                + "</li>"
            )
        return (
            '<p class="rp-label">Tokens computed, up to the mark those of the prompt, then those of the answer'
            f'{"" if tables is None else "; the block table"}</p><ul class="rp-rows">{"".join(rows)}</ul>'
        )

    def _pool(self, state: dict) -> str:
        """The pool by block number, each in the colour of who has it."""
        total = state["blocks"]
        used = {block for step in self.data["steps"] for table in step["state"]["tables"].values() for block in table}
        first = 0 if 0 in used or not used else 1  # vLLM keeps block 0 back
        cells = []
        for block in range(first, total + first):
            owners = [name for name, table in state["tables"].items() if block in table]
            style = f' style="{self.style(*owners[:2])}"' if owners else ""
            classes = "is-shared" if len(owners) > 1 else "is-used" if owners else ""
            who = ", ".join(owners) or "free"
            cells.append(
                f'<li class="rp-cell {classes}" data-v="{escaped(who)}" data-k="p-{block}"{style} '
                f'title="block {block}: {escaped(who)}">{block}</li>'
            )
        return (
            f'<p class="rp-label">KV blocks, <b>{state["free"]}</b> of {total} free</p>'
            f'<ol class="rp-pool" role="list">{"".join(cells)}</ol>'
        )

    def blocks(self, state: dict) -> str:
        size = self.setup.get("block_size", 16)
        owners = {
            block: [name for name, table in state["tables"].items() if int(block) in table] for block in state["blocks"]
        }
        cells = "".join(
            self._block(block, each, owners[block], size)
            for block, each in sorted(state["blocks"].items(), key=_number)
        )
        tables = "".join(
            f'<li class="rp-row"><span class="rp-name" style="{self.style(name)}">{escaped(name)}</span>'
            '<ol class="rp-table">'
            + "".join(
                f'<li class="rp-cell is-used" data-k="{self._moves(block, name, owners)}" style="{self.style(name)}">'
                f"{block}</li>"
                for block in table
            )
            + "</ol></li>"
            for name in self.requests
            if (table := state["tables"].get(name)) is not None
        )
        free = "".join(
            f'<li class="rp-cell{" is-named" if (tag := state["blocks"].get(str(block), {}).get("hash")) else ""}" '
            f'data-k="m-{block}">{block}{f"<small>{escaped(tag)}</small>" if tag else ""}</li>'
            for block in state["free"]
        )
        return (
            self.queues(state, {})
            + f'<p class="rp-label">The pool: who has a block, its users, its hash, filled of {size}</p>'
            + f'<ol class="rp-blocks" role="list">{cells}</ol>'
            + '<p class="rp-label">Block tables, logical order</p>'
            + f'<ul class="rp-rows rp-tables">{tables or _NONE}</ul>'
            + f'<p class="rp-label">Free queue, <b>{len(state["free"])}</b>: taken from the left</p>'
            + f'<ol class="rp-free">{free or _NONE}</ol>'
        )

    def _moves(self, block: int, name: str, owners: dict) -> str:
        """The key of a block in a table: its first user's cell is the one that came from the free queue."""
        return f"m-{block}" if owners[str(block)][0] == name else f"m-{block}-{name}"

    def _block(self, block: str, each: dict, owners: list, size: int) -> str:
        tag = each.get("hash")
        classes = "is-shared" if len(owners) > 1 else "is-used" if owners else "is-named" if tag else ""
        style = f"{self.style(*owners[:2])};" if owners else ""
        who = ", ".join(owners) or "free"
        return (
            f'<li class="rp-block {classes}" data-k="b-{block}" data-v="{escaped(who)} {escaped(tag or "")}" '
            f'style="{style}--f:{_share(each.get("filled", 0), size)}%"><b>{block}</b>'
            f'<span class="rp-who">{escaped(who)}</span><span class="rp-ref">{_users(each["ref"])}</span>'
            + (f"<code>{escaped(tag)}</code></li>" if tag else '<span class="rp-sr">no hash</span></li>')
        )


_NONE = '<li class="rp-none">none</li>'


def _share(part: int, whole: int) -> str:
    return f"{100 * min(part, whole) / max(whole, 1):.1f}".removesuffix(".0")


def _users(count: int) -> str:
    return "1 user" if count == 1 else f"{count} users"


def _number(item: tuple) -> int:
    return int(item[0])
