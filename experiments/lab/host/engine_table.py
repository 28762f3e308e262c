"""The engines as snippets/engines.toml has them: their processes, the builds that may be installed, what is recorded.

An engine's displayed name and the folder of its package in the repository come from pins.toml; one without a pin goes
by its own name in both. The site checks the file strictly (scripts/sources/engine_table.py); here it is taken as it is,
with the standard library alone, for a GPU host has nothing else.
"""

import functools
import tomllib
from dataclasses import dataclass
from pathlib import Path

from experiments.lab.errors import LabError

FOLDER = Path(__file__).resolve().parents[3] / "snippets"
FILE = FOLDER / "engines.toml"  # where engines are looked for
PINS = FOLDER / "pins.toml"


@dataclass(frozen=True)
class Engine:
    """One engine.

    `name` is how records write it, `label` how people do, `sources` the folder of its package in the repository;
    `adapter` the module that knows the rest, "" for that of the engine's name beside servers/base.py; `front` the
    process that a client talks to; `variables` how the environment variables begin that it heeds; `witnesses` are
    (role, how a symbol begins that shows it), innermost first.
    """

    name: str
    label: str
    sources: str
    adapter: str
    front: str
    variables: tuple[str, ...]
    witnesses: tuple[tuple[str, str], ...]

    @property
    def package(self) -> str:
        """What is imported of it."""
        return self.sources.rpartition("/")[2]


@dataclass(frozen=True)
class Build:
    """An interpreter in which an engine is installed. `start_s`: about how long a server takes to start and to have a
    request recorded; None where none is started."""

    name: str
    engine: str
    tier: str
    distributions: tuple[str, ...]
    setting: str
    start_s: int | None = None

    @property
    def variable(self) -> str:
        """The environment variable that names the interpreter."""
        return f"LAB_{self.setting.upper()}"


@dataclass(frozen=True)
class Configuration:
    """What call paths are recorded on. A variant has all but its flags from the configuration that `variant_of` names;
    `flags` are those of the small server."""

    name: str
    engine: Engine
    build: str
    processes: tuple[str, ...]
    environment: dict[str, str]
    flags: tuple[str, ...]
    variant_of: str | None = None


@dataclass(frozen=True)
class Table:
    """The whole file, each kind by name, in its order. `budget`: tokens a step of the small servers."""

    engines: dict[str, Engine]
    builds: dict[str, Build]
    configurations: dict[str, Configuration]
    budget: int

    def build(self, name: str) -> Build:
        """LabError for a build that is not there."""
        if name not in self.builds:
            raise LabError(f"{name!r} is no engine; known: {', '.join(self.by_engine())}")
        return self.builds[name]

    def engine_of(self, build: str) -> Engine:
        """The engine that a build is of. LabError for a build that is not there."""
        return self.engines[self.build(build).engine]

    def configuration(self, name: str) -> Configuration:
        """LabError for a configuration that is not there."""
        if name not in self.configurations:
            raise LabError(f"{name!r} is no configuration; known: {', '.join(self.configurations)}")
        return self.configurations[name]

    def by_engine(self) -> list[str]:
        """The builds, those of one engine beside each other."""
        return [name for engine in self.engines for name, build in self.builds.items() if build.engine == engine]

    def of_tier(self, tier: str) -> list[str]:
        """The builds for a GPU ("gpu") or for the CPU alone ("cpu")."""
        return [name for name, build in self.builds.items() if build.tier == tier]

    def serving(self) -> list[str]:
        """The builds of which servers are started, those for the CPU first: every host can run them."""
        return [name for tier in ("cpu", "gpu") for name in self.of_tier(tier) if self.builds[name].start_s]

    def labels(self, builds: list[str]) -> str:
        """The engines of these builds as a sentence has them: "vLLM or SGLang"."""
        return " or ".join(dict.fromkeys(self.engine_of(name).label for name in builds))


def table() -> Table:
    """The engines. LabError when the file cannot be read or lacks something."""
    return _read(FILE)


@functools.cache  # what runs is what was there at the start, whatever is edited meanwhile
def _read(file: Path) -> Table:
    raw, pins = _toml(file), _toml(PINS)
    try:
        engines = {name: _engine(name, given, pins.get(name, {})) for name, given in raw["engine"].items()}
        builds = {
            name: Build(name, **{**given, "distributions": tuple(given["distributions"])})
            for name, given in raw["build"].items()
        }
        budget, tables = raw["recording"]["budget"], raw["configuration"]
        configurations = {
            name: _configuration(name, tables, engines[builds[_base(name, tables)["build"]].engine], budget)
            for name in tables
        }
    except (KeyError, TypeError, AttributeError) as error:
        raise LabError(f"{file.name}: lacks or has too much: {error}; correct it, `make verify` says more") from None
    return Table(engines, builds, configurations, budget)


def _engine(name: str, given: dict, pin: dict) -> Engine:
    witnesses = tuple((witness["role"], witness["entered"]) for witness in given["witnesses"])
    label, sources = pin.get("name", name), pin.get("sources", name)
    return Engine(name, label, sources, given.get("adapter", ""), given["front"], tuple(given["variables"]), witnesses)


def _base(name: str, tables: dict) -> dict:
    return tables[tables[name].get("variant_of", name)]


def _configuration(name: str, tables: dict, engine: Engine, budget: int) -> Configuration:
    base, own = _base(name, tables), tables[name]
    flags = [*base.get("shared_flags", ()), *own.get("flags", ())]
    return Configuration(
        name, engine, base["build"], tuple(base["processes"]), dict(base.get("environment", {})),
        tuple(str(budget) if flag == "{budget}" else flag for flag in flags), own.get("variant_of"),
    )


def _toml(file: Path) -> dict:
    try:
        return tomllib.loads(file.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise LabError(f"{file.name}: cannot be read ({error}); restore it with `git checkout`") from None
