"""Stand-ins for packages that SGLang imports and the classes driven here never call, where they are not installed.

Without a GPU, Triton's kernels cannot run and no torchvision matches the CPU's torch, but SGLang's scheduler imports
both. A stand-in gives a name for whatever is imported from it. To define a kernel is allowed, since modules do so when
they are imported; anything else that is called raises StandInCalled, and `called` keeps its name, in case somebody
catches that. On a GPU host the packages are there, and nothing stands in for them.
"""

import importlib.abc
import importlib.machinery
import importlib.util
import sys
import types

NAMES = ("triton", "torchvision")
DEFINES = {  # what modules call while they are imported, to define a kernel or a constant of one
    "triton.jit", "triton.autotune", "triton.heuristics", "triton.Config", "triton.language.constexpr",
}
called = []


class StandInCalled(RuntimeError):
    """A stand-in was asked for more than its name."""


class Name(type):
    """Something imported from a package that is not there: a class, so that it can be subclassed and asked about."""

    def __new__(cls, path: str, bases=(), members=None):
        if members is not None:  # a class statement that has a stand-in for a base
            path = f"{members['__module__']}.{path}"
        return super().__new__(cls, path, (), {"path": path})

    def __init__(cls, path: str, bases=(), members=None):
        super().__init__(path, (), {})

    def __getattr__(cls, name: str):
        if name.startswith("__"):
            raise AttributeError(name)
        return Name(f"{cls.path}.{name}")

    def __getitem__(cls, key):
        return cls

    def __call__(cls, *args, **options):
        defines = cls.path in DEFINES
        decorates = cls.path.endswith("()") and len(args) == 1 and isinstance(args[0], (types.FunctionType, Name))
        if defines or decorates:
            return Name(cls.path.removesuffix("()") + "()")
        called.append(cls.path)
        raise StandInCalled(f"{cls.path} was called, and only a stand-in is here")


class _Module(types.ModuleType):
    __path__ = []
    __version__ = "0"

    def __getattr__(self, name: str):
        if name.startswith("__"):
            raise AttributeError(name)
        return Name(f"{self.__name__}.{name}")


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def __init__(self, names: tuple):
        self.names = names

    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in self.names:
            return importlib.machinery.ModuleSpec(name, self, is_package=True)
        return None

    def create_module(self, spec):
        return _Module(spec.name)

    def exec_module(self, module):
        pass


def install(names: tuple = NAMES) -> list[str]:
    """Stand in for those of `names` that cannot be imported; says which."""
    absent = tuple(name for name in names if importlib.util.find_spec(name) is None)
    if absent:
        # torch looks for Triton too, and is to know that there is none.
        import torch.utils._triton
        import torch.utils.flop_counter  # noqa: F401

        torch.utils._triton.has_triton_package()
        sys.meta_path.append(_Finder(absent))
    return list(absent)
