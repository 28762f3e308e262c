"""`/// path | id`: a recorded path as lanes, one a process."""

from pathlib import Path

from pymdownx.blocks.block import type_boolean

from scripts.call_paths import claimed_paths
from scripts.call_paths.claimed_paths import KINDS, partings
from scripts.catalog.site_data import engine_name
from scripts.common.errors import SiteError
from scripts.quotes import manifest as manifests
from scripts.render.page.block import PageBlock, register_block
from scripts.render.page.data_files import address
from scripts.render.page.html import escaped
from scripts.sources.engine_table import configurations


class PathBlock(PageBlock):
    """The argument is the path's id; `folded: true` leaves a line that opens it. A path that a recording does not bear
    out stops the build."""

    NAME = "path"
    OPTIONS = {"folded": (False, type_boolean)}

    def html(self) -> str:
        path = self.evidence.path(self.argument)
        for name, problems in self.evidence.path_states[path.id].items():
            if problems is None:
                remedy = claimed_paths.record_it(name, claimed_paths.number_of(path))
                raise SiteError(f"no recording for {name}; {remedy}")
            if problems:
                raise SiteError(problems[0])
        shown = lanes(path, self.evidence, self.root, self.context.inline)
        return folded(path, shown) if self.options["folded"] else shown


def folded(path, shown: str) -> str:
    """The path's HTML below a line that says where it was recorded and how long it is."""
    hops, processes = len(path.hops), len(lane_order(path))
    return (
        f'<details class="fold path-fold"><summary data-at="path-{path.id}">'
        f'<span class="path-fold-title">{escaped(path.title)}</span> '
        f'<span class="path-fold-length">Recorded on {escaped(_places(path.configurations))}: {hops} hops, '
        f"{processes} process{'es' if processes > 1 else ''}</span></summary>{shown}</details>"
    )


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
        f'<div class="path" id="{anchor}" role="group" aria-labelledby="{anchor}-title" style="--lanes:{len(order)}">'
        f'<p class="path-title" id="{anchor}-title"><a href="#{anchor}">{escaped(path.title)}</a></p>'
        f"{_seen_in(path, evidence, root)}"
        f'<div class="path-heads" aria-hidden="true">{heads}</div><ol class="path-hops">{"".join(rows)}</ol></div>'
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


def _places(taken: tuple) -> str:
    """The configurations in words: `a GPU and a CPU`."""
    return " and ".join(f"a {_called(name)}" for name in taken)


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
        badge(name, f" <small>in {escaped(elsewhere[name])}</small>" if name in elsewhere else "")
        for name in path.configurations
        if name in hop.roles
    )
    if hop.not_in:
        badges += '<span class="path-file">did not run on</span>' + "".join(map(badge, hop.not_in))
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


def badge(configuration: str, more: str = "") -> str:
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
            f'<li>{badge(name)} {escaped(setting(record))}, <a href="{root}{address(record.path)}">recording</a></li>'
        )
    return f'<ul class="path-recorded">{"".join(items)}</ul>'


def setting(record) -> str:
    """What was recorded, in a line: release, model, processor."""
    data = record.data
    engine, model, host = data.get("engine") or {}, data.get("model") or {}, data["host"]
    processor = (host.get("gpu") or {}).get("name") or host.get("cpu") or ""
    name = engine_name(engine.get("name", ""))
    release = f"{name} {engine.get('version', '')}".strip()
    eager = "run eagerly" if "--enforce-eager" in data["command"] else ""
    return ", ".join(part for part in (release, model.get("name", ""), processor, eager) if part)


def register(md, context) -> None:
    """Adds the block."""
    register_block(md, PathBlock, context)
