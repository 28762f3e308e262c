"""`/// path | id`: a recorded path as lanes, one a process; `/// boundaries | NN`: what crossed between processes."""

from pathlib import Path

from scripts.call_paths import claimed_paths
from scripts.call_paths.claimed_paths import KINDS, partings
from scripts.catalog.site_data import engine_name
from scripts.common.errors import SiteError
from scripts.quotes import manifest as manifests
from scripts.render.page.block import PageBlock, register_block
from scripts.render.page.data_files import address
from scripts.render.page.html import escaped
from scripts.sources.engine_table import configurations

_TO = '<span aria-hidden="true">\N{RIGHTWARDS ARROW}</span><span class="path-sr">to</span>'


class PathBlock(PageBlock):
    """The argument is the path's id. A path that a recording does not bear out stops the build."""

    NAME = "path"

    def html(self) -> str:
        path = self.evidence.path(self.argument)
        for name, problems in self.evidence.path_states[path.id].items():
            if problems is None:
                remedy = claimed_paths.record_it(name, claimed_paths.number_of(path))
                raise SiteError(f"no recording for {name}; {remedy}")
            if problems:
                raise SiteError(problems[0])
        return lanes(path, self.evidence, self.root, self.context.inline)


def lanes(path, evidence, root: str, inline=escaped) -> str:
    """The path's HTML: a list of hops in time order, each put into its process's lane by CSS alone."""
    order = lane_order(path)
    home = {hop.excerpt: evidence.home_of("excerpt", hop.excerpt, path.manifest) for hop in path.hops if hop.excerpt}
    rows, row, before = [], 0, None
    for taken, hops in partings(path):
        parted = len(taken) < len(path.configurations)
        if parted or (before is not None and len(before) < len(path.configurations)):
            row += 1
            rows.append(_fork(taken, path, row, before))
        for hop in hops:
            row += 1
            rows.append(_hop(hop, path, evidence, order, row, parted, home, root, inline))
        before = taken
    heads = "".join(
        f'<span class="path-lane" style="--lane:{index}">{escaped(name)}</span>' for index, name in enumerate(order, 1)
    )
    anchor = f"path-{path.id}"
    return (
        f'<section class="path" id="{anchor}" aria-labelledby="{anchor}-title" style="--lanes:{len(order)}">'
        f'<p class="path-title" id="{anchor}-title"><a href="#{anchor}">{escaped(path.title)}</a></p>'
        f"{_seen_in(path, evidence, root)}"
        f'<div class="path-heads" aria-hidden="true">{heads}</div><ol class="path-hops">{"".join(rows)}</ol></section>'
    )


def lane_order(path) -> list[str]:
    """The roles the path claims, in the order a request meets them; a role of fewer configurations after the rest."""
    claimed = {role for hop in path.hops for role in hop.roles.values()}
    ordered = [role for name in path.configurations for role in configurations()[name].roles if role in claimed]
    return list(dict.fromkeys(ordered))


def _fork(taken: tuple, path, row: int, before) -> str:
    if len(taken) == len(path.configurations):
        text = f"{_names(taken)} together again"
    elif before is not None and len(before) < len(path.configurations):
        text = f"{_names(taken)} instead"
    else:
        text = f"{_names(path.configurations)} part here. {_names(taken)} only"
    return f'<li class="path-fork" style="--row:{row}">{escaped(text)}</li>'


def _called(configuration: str) -> str:
    """What a badge says; the configuration's id stays in the data and in the link."""
    known = configurations()
    return known[configuration].badge if configuration in known else configuration


def _names(taken: tuple) -> str:
    names = [_called(name) for name in taken]
    return " and ".join(part for part in (", ".join(names[:-1]), names[-1]) if part)


def _hop(hop, path, evidence, order, row: int, parted: bool, home: dict, root: str, inline) -> str:
    first = next(name for name in path.configurations if name in hop.roles)
    role = hop.roles[first]
    pin = evidence.pins[path.engine]
    file, located = hop.file, evidence.locator(path.engine)(hop.symbol, hop.id, hop.line, hop.nth)
    number = located.at or located.line
    permalink = pin.permalink(file, number)
    own = home.get(hop.excerpt)
    if own and located.at and _quotes(path, hop, located.at, evidence):
        own += f"-L{located.at}"
    link = f'<a href="{root + own if own else escaped(permalink)}"><code>{escaped(hop.line or hop.name)}</code></a>'
    if hop.line:
        link += f' <span class="path-kind">line {number} of <code>{escaped(hop.name)}</code></span>'
    # One function, another process: the worker on a CPU, the engine core on one GPU.
    elsewhere = {name: other for name, other in hop.roles.items() if other != role}
    badges = "".join(
        _badge(name, f" <small>in {escaped(elsewhere[name])}</small>" if name in elsewhere else "")
        for name in path.configurations
        if name in hop.roles
    )
    if hop.not_in:
        badges += '<span class="path-file">did not run on</span>' + "".join(map(_badge, hop.not_in))
    kind = (
        ""
        if hop.kind in ("start", "resume")
        else f' <span class="path-kind" title="{escaped(KINDS[hop.kind])}">{hop.kind}</span>'
    )
    crosses = f'<span class="path-crosses">{_target(hop, path)}{inline(hop.crosses)}</span>' if hop.crosses else ""
    classes = "path-hop" + (" path-parted" if parted else "")
    return (
        f'<li class="{classes}" id="path-{path.id}-{hop.id}" style="--lane:{order.index(role) + 1};--row:{row}">'
        f'<span class="path-role">{escaped(role)}</span>{link}{kind}'
        f'<span class="path-does">{inline(hop.does)}</span>'
        f'<span class="path-foot"><span class="path-file"><a href="{escaped(permalink)}">'
        f"{escaped(file.rpartition('/')[2])}:{number}</a></span>"
        f'<span class="path-badges"><span class="path-sr">seen on </span>{badges}</span></span>{crosses}</li>'
    )


def _quotes(path, hop, line: int, evidence) -> bool:
    """Whether the hop's excerpt shows that line of its file."""
    excerpt = manifests.load(Path(path.manifest).stem, evidence.root).excerpts[hop.excerpt]
    shown = evidence.resolver.resolve(excerpt)
    return excerpt.path == hop.file and shown.first <= line <= shown.last


def _badge(configuration: str, more: str = "") -> str:
    shown = escaped(_called(configuration))
    return f'<span class="path-badge" data-configuration="{escaped(configuration)}">{shown}{more}</span>'


def _target(hop, path) -> str:
    """An arrow, and the process that the next hop of each configuration runs in where it is another one."""
    roles = []
    for name, role in hop.roles.items():
        later = path.hops[path.hops.index(hop) + 1 :]
        following = next((other.roles[name] for other in later if name in other.roles), role)
        if following != role and following not in roles:
            roles.append(following)
    arrow = '<span aria-hidden="true">\N{RIGHTWARDS ARROW}</span> '
    return arrow + (f"{escaped(' or '.join(roles))}: " if roles else "")


def _seen_in(path, evidence, root: str) -> str:
    items = []
    for name in path.configurations:
        recording = evidence.recording(path, name)
        record = next(record for record in evidence.records if record.path == recording.record)
        items.append(
            f'<li>{_badge(name)} {escaped(_setting(record))}, <a href="{root}{address(record.path)}">recording</a></li>'
        )
    return f'<ul class="path-recorded">{"".join(items)}</ul>'


def _setting(record) -> str:
    """What was recorded, in a line: release, model, processor."""
    data = record.data
    engine, model, host = data.get("engine") or {}, data.get("model") or {}, data["host"]
    processor = (host.get("gpu") or {}).get("name") or host.get("cpu") or ""
    name = engine_name(engine.get("name", ""))
    release = f"{name} {engine.get('version', '')}".strip()
    eager = "run eagerly" if "--enforce-eager" in data["command"] else ""
    return ", ".join(part for part in (release, model.get("name", ""), processor, eager) if part)


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
        f'<div class="boundaries"><table class="boundaries-table"><caption>{_badge(recording.configuration)} '
        f"{escaped(_setting(record))}: one request, "
        f'<a href="{root}{address(record.path)}">recording</a></caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
    )


def register(md, context) -> None:
    """Adds the blocks."""
    register_block(md, PathBlock, context)
    register_block(md, BoundariesBlock, context)
