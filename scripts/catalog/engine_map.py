"""The map: a request's way through each engine, as snippets/map.toml draws it and as it was recorded.

A box is a hop of a call path, so its function, process and order are held against recordings (map_check.py); its post
and section against the posts as they stand. Nothing of a function is written in the file.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import msgspec

from scripts.catalog import row_groups
from scripts.common import toml_tables
from scripts.common.errors import SiteError
from scripts.common.paths import ROOT
from scripts.common.toml_tables import Id, Table, Text, one_of, refused
from scripts.sources.engine_table import configurations

FILE = "snippets/map.toml"
TABLES: dict[str, type] = {"engine": list, "lane": list, "box": list, "arrow": list}
KINDS = ("step", "queue", "pool", "gpu")
GPU = "gpu"  # the lane that is no process

Place = Annotated[
    tuple[int, int], msgspec.Meta(extra=refused("at is not [column, row], both from 1; correct {value!r}"))
]


class MapEngine(Table, frozen=True):
    """An engine of the map, and the configuration whose recordings its boxes are held against."""

    KIND = "engine"
    id: Id
    configuration: Text


class Lane(Table, frozen=True):
    """One row of an engine's picture: a process, or the GPU. `about` says which in the picture's margin."""

    KIND = "lane"
    id: Id
    engine: Text
    name: Text
    about: Text


class Box(Table, frozen=True):
    """One thing that happens to a request. `at` is its column, and its row within the lane."""

    KIND = "box"
    id: Id
    engine: Text
    process: Text
    kind: Text
    label: Text
    path: Text
    hop: Text
    post: Text
    section: Text
    at: Place

    @property
    def lane(self) -> str:
        """The lane it is drawn in: the GPU's for its work, else its process's."""
        return GPU if self.kind == GPU else self.process

    @property
    def where(self) -> str:
        """How an error names it."""
        return f"{FILE}: box '{self.id}'"

    @property
    def anchor(self) -> str:
        """The fragment of its address on the page of the map."""
        return f"box-{self.id}"


class Arrow(Table, frozen=True):
    """From one box to another; `back` leads to what was entered earlier, as the next step does."""

    KIND, NAME = "arrow", "from"
    start: Text = msgspec.field(name="from")
    end: Text = msgspec.field(name="to")
    back: bool = False

    @property
    def where(self) -> str:
        """How an error names it."""
        return f"{FILE}: arrow '{self.start}' to '{self.end}'"


@dataclass(frozen=True)
class EngineMap:
    """One engine's part: lanes from top to bottom, boxes in the order of the request's way, arrows between them."""

    id: str
    configuration: str
    lanes: tuple[Lane, ...]
    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]


def load(root: Path = ROOT) -> dict[str, EngineMap]:
    """The map by engine; empty where there is no file. Raises SiteError for anything that cannot be drawn: an unknown
    name, two boxes in one place, an arrow from nowhere. What was recorded is map_check's to say."""
    tables = row_groups.tables(root, FILE, TABLES, "[[engine]], [[lane]], [[box]] or [[arrow]]")
    engines = toml_tables.by_name(toml_tables.read_each(tables.get("engine", []), MapEngine, FILE), FILE)
    lanes = toml_tables.read_each(tables.get("lane", []), Lane, FILE)
    boxes = toml_tables.by_name(toml_tables.read_each(tables.get("box", []), Box, FILE), FILE)
    arrows = toml_tables.read_each(tables.get("arrow", []), Arrow, FILE)
    for engine in engines.values():
        _check_configuration(engine)
    for lane in lanes:
        where = f"{FILE}: lane '{lane.id}'"
        one_of(lane.engine, engines, "engine", where)
        roles = configurations()[engines[lane.engine].configuration].roles
        one_of(lane.id, (*roles[1:], GPU), "process", where)  # the client is no process of the engine
    for box in boxes.values():
        _check_box(box, engines, lanes)
    taken: dict[tuple, str] = {}
    for box in boxes.values():
        other = taken.setdefault((box.engine, box.lane, *box.at), box.id)
        if other != box.id:
            raise SiteError(f"{box.where}: stands where '{other}' does, at {list(box.at)} of its lane; move one")
    for arrow in arrows:
        for name in (arrow.start, arrow.end):
            one_of(name, boxes, "box", arrow.where)
        if boxes[arrow.start].engine != boxes[arrow.end].engine:
            raise SiteError(f"{arrow.where}: leads from one engine to the other; drop it")
    return {
        engine.id: EngineMap(
            engine.id,
            engine.configuration,
            tuple(lane for lane in lanes if lane.engine == engine.id),
            tuple(box for box in boxes.values() if box.engine == engine.id),
            tuple(arrow for arrow in arrows if boxes[arrow.start].engine == engine.id),
        )
        for engine in engines.values()
    }


def boxes_of(maps: dict[str, EngineMap], post: str) -> set[str]:
    """The ids of the boxes that belong to a post, by its slug."""
    return {box.id for each in maps.values() for box in each.boxes if box.post == post}


def _check_configuration(engine: MapEngine) -> None:
    where = f"{FILE}: engine '{engine.id}'"
    known = [name for name, each in configurations().items() if each.engine == engine.id]
    one_of(engine.configuration, known, "configuration", where)


def _check_box(box: Box, engines: dict[str, MapEngine], lanes: list[Lane]) -> None:
    one_of(box.engine, engines, "engine", box.where)
    one_of(box.kind, KINDS, "kind", box.where)
    own = [lane.id for lane in lanes if lane.engine == box.engine]
    one_of(box.process, [name for name in own if name != GPU], "process", box.where)
    one_of(box.lane, own, "lane", box.where)
    if min(box.at) < 1:
        raise SiteError(f"{box.where}: at is not [column, row], both from 1; correct {list(box.at)}")
