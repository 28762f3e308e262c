"""Run a function when a module starts to be imported, or right after its code has run.

The loader's `exec_module` is replaced on the one loader instance, so `__loader__`, `inspect` and
`importlib.resources` see the loader they would see anyway.
"""

import sys
from collections.abc import Callable, Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any


class Watcher:
    """A meta path finder that finds nothing itself.

    `before[name]` is called when the import of `name` begins, `after[name]` with the module once it
    has run. Each is called once; an exception in one goes to `failed(name, error)` and no further.
    """

    def __init__(self, failed: Callable[[str, object], None]):
        self.before: dict[str, Callable[[], None]] = {}
        self.after: dict[str, list[Callable[[ModuleType], None]]] = {}
        self.failed = failed
        self._busy: set[str] = set()

    def install(self) -> None:
        sys.meta_path.insert(0, self)

    def when_run(self, name: str, call: Callable[[ModuleType], None]) -> None:
        """Call `call(module)` once module `name` has run; now, if it has already."""
        module = sys.modules.get(name)
        if module is not None and not getattr(module.__spec__, "_initializing", False):
            self._guarded(name, call, module)
        else:
            self.after.setdefault(name, []).append(call)

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        starting = self.before.pop(name, None)
        if starting is not None:
            self._guarded(name, starting)
        if name not in self.after or name in self._busy:
            return None
        self._busy.add(name)  # another finder may itself import
        try:
            spec = self._ask_others(name, path, target)
        finally:
            self._busy.discard(name)
        if spec is None or spec.loader is None or not hasattr(spec.loader, "exec_module"):
            return spec
        loader: Any = spec.loader
        run = loader.exec_module

        def exec_module(module: ModuleType) -> None:
            run(module)
            for call in self.after.pop(name, ()):
                self._guarded(name, call, module)

        try:
            loader.exec_module = exec_module
        except AttributeError as error:  # a built-in loader: leave the import alone, but say so
            self.failed(name, error)
        return spec

    def _ask_others(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None
    ) -> ModuleSpec | None:
        for finder in sys.meta_path:
            if finder is self or not hasattr(finder, "find_spec"):
                continue
            spec = finder.find_spec(name, path, target)
            if spec is not None:
                return spec
        return None

    def _guarded(self, name: str, call: Callable[..., None], *args: object) -> None:
        try:
            call(*args)
        except Exception as error:
            self.failed(name, error)
