"""Found by the engine's interpreter at start-up; loads the lab's injection when LAB_INJECT asks for it.

Does nothing else: without LAB_INJECT it only hands over to the `sitecustomize` it hides. Nothing in
here may stop the engine from starting, so every failure is swallowed after a line on stderr.
"""

import os
import sys
from collections.abc import Callable

_HERE = os.path.dirname(os.path.abspath(__file__))


def _run_hidden() -> None:
    """Run the sitecustomize that ours hides (some distributions and hosts have one)."""
    from importlib.machinery import PathFinder
    from importlib.util import module_from_spec

    others = [p for p in sys.path if os.path.abspath(p or ".") != _HERE]
    spec = PathFinder.find_spec("sitecustomize", others)
    if spec is not None and spec.loader is not None:
        spec.loader.exec_module(module_from_spec(spec))


def _inject() -> None:
    """Import the injection under a private package name, so that it shadows no module of the engine."""
    from importlib.machinery import ModuleSpec
    from importlib.util import module_from_spec

    spec = ModuleSpec("_lab_inject", None, is_package=True)
    spec.submodule_search_locations = [os.path.dirname(_HERE)]
    sys.modules["_lab_inject"] = module_from_spec(spec)
    from _lab_inject import agent

    agent.install()


def _guarded(step: Callable[[], None]) -> None:
    try:
        step()
    except Exception as error:
        print(f"lab injection: {getattr(step, '__name__', step)} failed: {error!r}", file=sys.stderr)


if "_lab_inject" not in sys.modules:
    _guarded(_run_hidden)
    if os.environ.get("LAB_INJECT"):
        _guarded(_inject)
