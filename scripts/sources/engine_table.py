"""snippets/engines.toml as the site reads it, strictly: engines' processes, their builds, what is recorded.

The lab reads the same file (experiments/lab/host/engine_table.py) and takes it as it is; what is wrong is said here.
"""

import functools
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import msgspec

from scripts.common.errors import SiteError
from scripts.sources import pins
from scripts.sources.pins import ROOT

FILE = "snippets/engines.toml"
TIERS = ("gpu", "cpu")
CLIENT = "client"  # the first process of every configuration: who sends the request


class _Table(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    pass


class _Recording(_Table, frozen=True):
    budget: int


class _Witness(_Table, frozen=True):
    role: str
    entered: str


class _Engine(_Table, frozen=True):
    front: str
    variables: list[str]
    witnesses: list[_Witness]
    adapter: str = ""


class _Build(_Table, frozen=True):
    engine: str
    tier: str
    distributions: list[str]
    setting: str
    start_s: int = 0


class _Configuration(_Table, frozen=True):
    badge: str
    build: str = ""
    variant_of: str = ""
    processes: list[str] = []
    environment: dict[str, str] = {}
    shared_flags: list[str] = []
    flags: list[str] = []


TABLES: dict[str, type[_Table]] = {"engine": _Engine, "build": _Build, "configuration": _Configuration}
_OF_THE_BASE = ("build", "processes", "environment", "shared_flags")  # what a variant has of its configuration
T = TypeVar("T", bound=_Table)


@dataclass(frozen=True)
class Configuration:
    """What call paths are claimed of. `roles` are its processes in the order a request meets them, the client first;
    `badge` is what a page calls it."""

    name: str
    engine: str
    roles: tuple[str, ...]
    badge: str


def configurations(root: Path = ROOT) -> dict[str, Configuration]:
    """The configurations by name, in file order; read again when the file has changed.

    Raises SiteError for a missing or malformed file, and for an engine that has no pin.
    """
    try:
        stats = [(root / name).stat() for name in (FILE, pins.FILE)]
    except OSError as error:
        name = Path(error.filename).relative_to(root)
        raise SiteError(f"{name}: missing; restore it with `git checkout {name}`") from None
    return _load(root, tuple((stat.st_mtime_ns, stat.st_size) for stat in stats))


@functools.lru_cache(maxsize=4)
def _load(root: Path, _stamp: tuple) -> dict[str, Configuration]:
    return parse((root / FILE).read_text(encoding="utf-8"), pins.load(root))


def parse(text: str, pinned: dict[str, pins.Pin], file: str = FILE) -> dict[str, Configuration]:
    """The configurations that a TOML text holds; `pinned` are the engines there are, `file` is how errors call it."""
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SiteError(f"{file}: not TOML ({error}); correct that line") from None
    if unknown := [key for key in raw if key not in ("recording", *TABLES)]:
        holds = ", ".join(f"[{name}.*]" for name in TABLES)
        raise SiteError(f"{file}: unknown key '{unknown[0]}'; remove it, the file holds [recording], {holds}")
    _read(raw.get("recording", {}), _Recording, f"{file}: [recording]")
    engines = _named(raw, "engine", _Engine, file)
    for name, engine in engines.items():
        where = f"{file}: [engine.{name}]"
        _known(name, pinned, f"{where}: engine", pins.FILE)
        _known(engine.front, _roles(engine), f"{where}: front", "its witnesses")
    builds = _named(raw, "build", _Build, file)
    for name, build in builds.items():
        where = f"{file}: [build.{name}]"
        _known(build.engine, engines, f"{where}: engine", "[engine.*]")
        _known(build.tier, TIERS, f"{where}: tier", "the tiers")
    if twice := [build.setting for build in builds.values() if _count(builds, build.setting) > 1]:
        raise SiteError(f"{file}: [build.*]: two have the setting '{twice[0]}'; give each its own")
    tables = _named(raw, "configuration", _Configuration, file)
    return {name: _configuration(name, tables, builds, engines, file) for name in tables}


def _configuration(name: str, tables: dict, builds: dict, engines: dict, file: str) -> Configuration:
    where, table = f"{file}: [configuration.{name}]", tables[name]
    base = table
    if table.variant_of:
        bases = [each for each, other in tables.items() if not other.variant_of]
        _known(table.variant_of, bases, f"{where}: variant_of", "[configuration.*]")
        if own := [key for key in _OF_THE_BASE if getattr(table, key)]:
            raise SiteError(f"{where}: '{own[0]}' is that of {table.variant_of}, whose variant it is; remove it")
        base = tables[table.variant_of]
    elif missing := [key for key in ("build", "processes") if not getattr(table, key)]:
        raise SiteError(f"{where}: '{missing[0]}' is missing; add it, or say what it is a variant_of")
    _known(base.build, builds, f"{where}: build", "[build.*]")
    engine = builds[base.build].engine
    for role in base.processes:
        _known(role, _roles(engines[engine]), f"{where}: process", f"the witnesses of {engine}")
    return Configuration(name, engine, (CLIENT, *base.processes), table.badge)


def _named(raw: dict, key: str, kind: type[T], file: str) -> dict[str, T]:
    """The tables [key.*] by name."""
    tables = raw.get(key)
    if not isinstance(tables, dict) or not tables:
        raise SiteError(f"{file}: has no [{key}.*]; add one, or restore the file with `git checkout {file}`")
    return {name: _read(table, kind, f"{file}: [{key}.{name}]") for name, table in tables.items()}


def _read(table: object, kind: type[T], where: str) -> T:
    if not isinstance(table, dict):
        raise SiteError(f"{where}: is no table; write its keys below it")
    for key in table:
        if key not in kind.__struct_fields__:
            known = ", ".join(kind.__struct_fields__)
            raise SiteError(f"{where}: unknown key '{key}'; remove it, or use one of {known}")
    for field in msgspec.structs.fields(kind):
        if field.required and not table.get(field.name):
            raise SiteError(f"{where}: '{field.name}' is missing; add it")
    try:
        return msgspec.convert(table, kind)
    except msgspec.ValidationError as error:
        raise SiteError(f"{where}: {str(error).replace('`', chr(39))}; correct it") from None


def _roles(engine: _Engine) -> list[str]:
    return list(dict.fromkeys(witness.role for witness in engine.witnesses))


def _known(name: str, known: Iterable[str], where: str, place: str) -> None:
    names = list(known)
    if name not in names:
        raise SiteError(f"{where} '{name}' is not known; use one of {', '.join(names)} ({place})")


def _count(builds: dict[str, _Build], setting: str) -> int:
    return sum(build.setting == setting for build in builds.values())
