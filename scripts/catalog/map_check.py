"""The map held against what was recorded and written: hops, processes, order, posts and their sections.

Order is by first and last entry: an arrow is borne out by a recording in which its end ran after its start first did.
A hop that stood on the stack already, or that only the warm-up shows, has no time, so its arrows say no order.
"""

import re
from pathlib import Path

from markdown.extensions.toc import slugify

from scripts.call_paths import claimed_paths
from scripts.catalog.engine_map import FILE, Arrow, Box, EngineMap
from scripts.catalog.site_data import Evidence
from scripts.common.errors import SiteError
from scripts.pages.references import prose_lines
from scripts.quotes.manifest_tables import CallPath, Hop
from scripts.quotes.path_recordings import Recording

_HEADING = re.compile(r"^#{1,6}\s+(?P<text>.*?)\s*#*\s*(?:\{:?[^}]*#(?P<id>[\w-]+)[^}]*\})?\s*$")
UNTIMED = ("standing", "compiled")


def problems(maps: dict[str, EngineMap], evidence: Evidence) -> list[str]:
    """What is wrong with the map, one line each: none when every box and arrow is as recorded and leads somewhere."""
    wrong: list[str] = []
    written = {page.stem: page for page in sorted((evidence.root / "docs/posts").glob("[0-9]*.md"))}
    for each in maps.values():
        boxes = {box.id: box for box in each.boxes}
        hops = {}
        for box in each.boxes:
            wrong += _leads_nowhere(box, written)
            try:
                hops[box.id] = hop_of(box, evidence.paths)
            except SiteError as error:
                wrong.append(str(error))
                continue
            wrong += _elsewhere(box, hops[box.id], each.configuration, evidence)
        recordings = [found for (_, name), found in evidence.recordings.items() if name == each.configuration]
        for arrow in each.arrows:
            if arrow.start in hops and arrow.end in hops:
                wrong += _out_of_order(arrow, boxes, hops, recordings, evidence)
    shown = {box.post for each in maps.values() for box in each.boxes}
    wrong += [
        f"{FILE}: post '{slug}' has no box, so its strip would show nothing; add one"
        for slug in written
        if slug not in shown
    ]
    return wrong if maps else []


def hop_of(box: Box, paths: dict[str, CallPath]) -> Hop:
    """The hop that a box is. Raises SiteError for one that is in no manifest."""
    if box.path not in paths:
        raise SiteError(f"{box.where}: path '{box.path}' is in no manifest; use one of {', '.join(paths)}")
    for hop in paths[box.path].hops:
        if hop.id == box.hop:
            return hop
    known = ", ".join(hop.id for hop in paths[box.path].hops)
    raise SiteError(f"{box.where}: path '{box.path}' has no hop '{box.hop}'; use one of {known}")


def sections(page: Path) -> list[str]:
    """The fragments of a page's headings, as the table of contents makes them."""
    found: list[str] = []
    for _, line in prose_lines(page.read_text("utf-8")):
        heading = _HEADING.match(line)
        if heading:
            name = heading["id"] or slugify(re.sub(r"[`*]", "", heading["text"]), "-")
            number = 0
            while (unique := f"{name}_{number}" if number else name) in found:
                number += 1
            found.append(unique)
    return found


def _leads_nowhere(box: Box, written: dict[str, Path]) -> list[str]:
    if box.post not in written:
        return [f"{box.where}: post '{box.post}' is not written; use one of {', '.join(written)}"]
    known = sections(written[box.post])
    if box.section not in known:
        return [f"{box.where}: post '{box.post}' has no section '{box.section}'; use one of {', '.join(known)}"]
    return []


def _elsewhere(box: Box, hop: Hop, configuration: str, evidence: Evidence) -> list[str]:
    """What is wrong with the process that a box's function is drawn in."""
    path = evidence.paths[box.path]
    if path.engine != box.engine:
        return [f"{box.where}: path '{box.path}' is of {path.engine}; name one of {box.engine}"]
    if configuration not in hop.roles:
        return [f"{box.where}: hop '{box.hop}' ({hop.name}) is not claimed on {configuration}; name one that is"]
    recording = evidence.recording(path, configuration)
    if recording is None:
        return [f"{box.where}: {claimed_paths.record_it(configuration, claimed_paths.number_of(path))}"]
    roles = sorted({role for _, role in _runs(hop, recording, evidence, path.engine)})
    if box.process not in roles:
        said = f"was recorded in {', '.join(roles)}" if roles else "was not recorded"
        return [f"{box.where}: {hop.name} {said}, not in {box.process}, on {configuration}; correct process or hop"]
    return []


def _out_of_order(
    arrow: Arrow, boxes: dict[str, Box], hops: dict[str, Hop], recordings: list[Recording], evidence: Evidence
) -> list[str]:
    start, end = (boxes[arrow.end], boxes[arrow.start]) if arrow.back else (boxes[arrow.start], boxes[arrow.end])
    if any(hops[box.id].kind in UNTIMED for box in (start, end)):
        return []
    together = 0
    for recording in recordings:
        first = _times(hops[start.id], start, recording, evidence)
        last = _times(hops[end.id], end, recording, evidence)
        if not first or not last:
            continue
        together += 1
        if min(first) <= max(last):
            return []
    if not together:
        return [f"{arrow.where}: no recording has both; drop it, or record a request that enters both"]
    names = f"{hops[end.id].name} was always entered before {hops[start.id].name}"
    return [f"{arrow.where}: {names}; turn it round, or {'drop' if arrow.back else 'write'} back = true"]


def _times(hop: Hop, box: Box, recording: Recording, evidence: Evidence) -> list[int]:
    return [t for t, role in _runs(hop, recording, evidence, box.engine) if role == box.process]


def _runs(hop: Hop, recording: Recording, evidence: Evidence, engine: str) -> list[tuple[int, str]]:
    """When, and in which process, a hop was entered or its line ran: while the request was served, or at all for what
    stood there before."""
    if hop.line:
        at = evidence.locator(engine)(hop.symbol, hop.id, hop.line, hop.nth).at
        return recording.executed.get((hop.recorded, at), [])
    entries = recording.entries.get(hop.recorded, [])
    return [(t, role) for t, role, _, _, phase in entries if phase == "request" or hop.kind in UNTIMED]
