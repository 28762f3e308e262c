"""`/// boundaries | NN`: what crossed between the processes while one request was served, a table a recording."""

from scripts.call_paths import claimed_paths
from scripts.common.errors import SiteError
from scripts.render.blocks.call_path import badge, setting
from scripts.render.page.block import PageBlock, register_block
from scripts.render.page.data_files import address
from scripts.render.page.html import escaped
from scripts.sources.engine_table import configurations

_TO = '<span aria-hidden="true">\N{RIGHTWARDS ARROW}</span><span class="path-sr">to</span>'


class BoundariesBlock(PageBlock):
    """The argument is the number of an experiment; one table for each of its recordings."""

    NAME = "boundaries"

    def html(self) -> str:
        found = {name: each for (number, name), each in self.evidence.recordings.items() if number == self.argument}
        if not found:
            first = next(iter(configurations()))
            raise SiteError(f"experiment {self.argument} has no recording; {claimed_paths.record_it(first)}")
        return "".join(
            boundary_table(found[name], self.evidence, self.root) for name in configurations() if name in found
        )


def crossings(recording) -> list[dict]:
    """Messages between processes, equal ones taken together, in the order they first crossed.

    Each: {"from", "to", "transport", "type", "count", "low", "high"} with sizes in bytes.
    """
    found: dict = {}
    for message in recording.wire:
        kind = " ".join(part for part in (message.get("tag"), message["type"]) if part)
        key = (message["from"], message["to"], message["transport"], kind)
        row = found.setdefault(
            key,
            dict(zip(("from", "to", "transport", "type"), key, strict=True))
            | {"count": 0, "low": message["bytes"], "high": message["bytes"]},
        )
        row["count"] += 1
        row["low"], row["high"] = min(row["low"], message["bytes"]), max(row["high"], message["bytes"])
    return list(found.values())


def boundary_table(recording, evidence, root: str) -> str:
    record = next(record for record in evidence.records if record.path == recording.record)
    rows = []
    for row in crossings(recording):
        size = f"{row['low']:,}" if row["low"] == row["high"] else f"{row['low']:,} to {row['high']:,}"
        rows.append(
            f"<tr><td>{escaped(row['from'] or 'not seen')} {_TO} {escaped(row['to'] or 'not seen')}</td>"
            f"<td><code>{escaped(row['type'])}</code></td><td>{escaped(row['transport'])}</td>"
            f'<td class="num">{row["count"]:,}</td><td class="num">{size}</td></tr>'
        )
    if not rows:
        raise SiteError(f"{recording.record}: its wire list is empty; record it again")
    head = "".join(f'<th scope="col">{name}</th>' for name in ("between", "message", "over", "count", "bytes"))
    return (
        f'<div class="boundaries"><table class="boundaries-table"><caption>{badge(recording.configuration)} '
        f"{escaped(setting(record))}: one request, "
        f'<a href="{root}{address(record.path)}">recording</a></caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
    )


def register(md, context) -> None:
    """Adds the block."""
    register_block(md, BoundariesBlock, context)
