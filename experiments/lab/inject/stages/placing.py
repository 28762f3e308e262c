"""Where a probe goes: the function by its name in the source, and what stands in its place while it is timed.

The program must not see that it is timed: it gets the same values and the same exceptions by the same descriptors. What
a probe cannot stand in for is refused before anything is changed.
"""

import functools
import gc
import inspect
from collections.abc import Callable
from functools import cached_property, partialmethod
from types import FrameType, FunctionType, ModuleType
from typing import Any

from ..calls.code_search import namespace, private

CACHED = type(functools.lru_cache(lambda: None))
_NOTHING = object()


def place(module: ModuleType, qualname: str, wrap: Callable[[Any], Any]) -> None:
    """Put `wrap(function)` in the place of the module's function of that name. LookupError or TypeError in one line,
    which begins with the module's name, where there is none or where that would change what the program gets."""
    what = f"{module.__name__}.{qualname}"
    owner, key = _owner(module, qualname)
    raw = _held(owner, key)
    if raw is _NOTHING:
        raise LookupError(f"{module.__name__} has no {qualname}{_hint(owner, key)}")
    goes_on = type(raw) in (cached_property, partialmethod)
    if other := _unknown(raw.func if goes_on else raw):
        raise TypeError(
            f"{what} is a {other.__module__}.{other.__qualname__}, and a probe would change what the program gets: "
            "time a function, method or property that it calls"
        )
    if goes_on:
        raw.func = _stand_in(raw.func, wrap)  # it stays what it is, with another function behind it
        return
    places = _places(raw, what)  # before anything of ours holds it
    new = _stand_in(raw, wrap)
    if type(new) is property:
        vars(property)["__set_name__"](new, owner, key)  # its errors name it
    for holder, name in [*places, (owner, key)]:  # the collector does not tell of what gc.freeze() took out of its sight
        # A class and a module may have a __setattr__ of their own, which is the program's.
        setter = type.__setattr__ if issubclass(type(holder), type) else ModuleType.__setattr__
        setter(holder, name, new)


def _held(owner: object, key: str) -> Any:
    held = namespace(owner)
    return _NOTHING if held is None else held.get(key, _NOTHING)


def _owner(module: ModuleType, qualname: str) -> tuple[object, str]:
    """What holds the function, and under which name. LookupError where there is no such class."""
    owner: object = module
    enclosing = ""
    *outer, last = qualname.split(".")
    for part in outer:
        inner = _held(owner, private(part, enclosing))
        if issubclass(type(inner), type):
            owner, enclosing = inner, part
        elif inner is not _NOTHING:
            raise LookupError(
                f"{module.__name__} has no class {part} in {qualname}: what a function makes anew with each call has no "
                "place for a probe; time the function"
            )
        else:
            raise LookupError(f"{module.__name__} has no {qualname}")
    return owner, private(last, enclosing)


def _hint(owner: object, key: str) -> str:
    """Where an attribute that the class does not define itself comes from."""
    for each in getattr(owner, "__mro__", ()) if issubclass(type(owner), type) else ():
        if _held(each, key) is not _NOTHING:
            return f" of its own: it is that of {each.__module__}.{each.__qualname__}; name that"
    return ""


def _unknown(raw: Any) -> type | None:
    """The kind of what no probe can stand in for; None where one can. Of subclasses nobody knows what they change."""
    kind = type(raw)
    if kind in (FunctionType, CACHED):
        return None
    if kind is property and raw.fget is not None:
        return _unknown(raw.fget)
    return _unknown(raw.__func__) if kind in (staticmethod, classmethod) else kind


def _stand_in(raw: Any, wrap: Callable[[Any], Any]) -> Any:
    """What times `raw`, of a known kind, and is else like it."""
    kind = type(raw)
    if kind is property:
        return property(_stand_in(raw.fget, wrap), raw.fset, raw.fdel, raw.__doc__)
    if kind in (staticmethod, classmethod):
        new = kind(_stand_in(raw.__func__, wrap))
        vars(new).update({key: value for key, value in vars(raw).items() if key not in vars(new)})
        return new
    new = _like(raw, wrap(raw))
    if kind is CACHED:
        new.cache_info, new.cache_clear = raw.cache_info, raw.cache_clear
    return new


def _like(function: Any, new: Any) -> Any:
    """`new` as the program sees `function`."""
    functools.update_wrapper(new, function)
    if "__wrapped__" in vars(function):
        new.__wrapped__ = vars(function)["__wrapped__"]  # who goes round the decorator goes round the probe
    try:
        new.__signature__ = inspect.signature(function)
    except (TypeError, ValueError):
        pass
    if type(function) is FunctionType:
        new.__defaults__, new.__kwdefaults__ = function.__defaults__, function.__kwdefaults__
    return new


def _places(raw: object, what: str) -> list[tuple[object, str]]:
    """Every (class or module, name) that holds it. TypeError where anything else does: a call by way of that would not
    be timed."""
    places: list[tuple[object, str]] = []
    for holder in gc.get_referrers(raw):
        if type(holder) is FrameType:
            continue
        owner = _whose(holder)
        if owner is None:
            kind = type(holder)
            raise TypeError(
                f"{what} is held by a {kind.__module__}.{kind.__qualname__} too, and a call by way of that would not be "
                "timed: time a function that it calls"
            )
        for name, value in holder.items():  # a comprehension would hold it, in a cell
            if value is raw:
                places.append((owner, name))
    return places


def _whose(holder: object) -> object | None:
    """The class or module whose namespace a dict is."""
    if type(holder) is not dict:
        return None
    for each in gc.get_referrers(holder):
        if issubclass(type(each), ModuleType) and vars(ModuleType)["__dict__"].__get__(each) is holder:
            return each
        if issubclass(type(each), type) and any(found is holder for found in gc.get_referents(each)):
            return each
    return None
