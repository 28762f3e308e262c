"""The code objects of a function by its name in the source, looked for without running anything of the program.

An attribute that is read may run code, and a descriptor gives another object than it is. So namespaces are read as they
are, and what a decorator or descriptor holds is what the garbage collector would find behind it.
"""

import gc
from collections.abc import Iterator
from types import CodeType, FrameType, FunctionType, ModuleType
from typing import Any

from .code_names import qualified

MOST = 500  # objects that are looked at behind one name


def codes_of(module: ModuleType, name: str) -> list[CodeType]:
    """All code objects that bear the name in the module's source, as far as the module holds them: a getter and its
    setter have one name. Functions inside functions are known by the code that makes them."""
    owners: list = [module]
    enclosing = ""  # the class whose private names are meant
    parts = name.split(".")
    for depth, part in enumerate(parts, 1):
        wanted = ".".join(parts[:depth])
        owners = [found for owner in owners for found in _inside(owner, part, wanted, enclosing)]
        if any(issubclass(type(owner), type) for owner in owners):
            enclosing = part
    codes = {id(code): code for code in owners if type(code) is CodeType and qualified(code) == name}
    return list(codes.values())


def private(name: str, enclosing: str) -> str:
    """A name as Python keeps it: `__x` in the class C is `_C__x`."""
    owner = enclosing.lstrip("_")
    hidden = name.startswith("__") and not name.endswith("__") and owner
    return f"_{owner}{name}" if hidden else name


def namespace(owner: object) -> dict | None:
    """What a module or a class holds, as it is; None for anything else."""
    kind: Any = type if issubclass(type(owner), type) else ModuleType  # isinstance would ask the object
    return dict(vars(kind)["__dict__"].__get__(owner)) if issubclass(type(owner), kind) else None


def _inside(owner: object, part: str, wanted: str, enclosing: str) -> Iterator[object]:
    """Code objects and classes of that name in a namespace, or in the code of a function or of a class in one."""
    if type(owner) is CodeType:
        yield from (code for code in owner.co_consts if type(code) is CodeType and code.co_name == part)
        return
    held = namespace(owner)
    if held is None:
        return
    for key in dict.fromkeys((private(part, enclosing), part)):
        if key in held:
            yield from _behind(held[key], wanted)


def _behind(thing: Any, wanted: str) -> Iterator[object]:
    waiting: list[Any] = [thing]
    seen: set[int] = set()
    while waiting and len(seen) < MOST:
        thing = waiting.pop(0)
        if id(thing) in seen:
            continue
        seen.add(id(thing))
        kind = type(thing)
        if kind is CodeType:
            if qualified(thing) == wanted:
                yield thing
        elif issubclass(kind, type):
            if vars(type)["__qualname__"].__get__(thing).replace(".<locals>", "") == wanted:
                yield thing
        elif kind is FunctionType:
            # Not its globals, which lead everywhere.
            waiting += [thing.__code__, thing.__dict__, *(thing.__closure__ or ())]
        elif not issubclass(kind, (ModuleType, FrameType)):
            waiting += gc.get_referents(thing)
