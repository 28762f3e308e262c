"""The digest of a claim's code, so that a claims file tells whether it was evaluated by the code that is there now."""

import hashlib
import inspect
import types
from collections.abc import Callable
from typing import Any

Function = Callable[..., Any]


def code_digest(function: Function) -> str:
    """sha256 of the source of a claim's function and of the functions beside it that it calls, by name."""
    seen: dict[str, str] = {}

    def visit(called: Function) -> None:
        if called.__name__ not in seen:
            seen[called.__name__] = inspect.getsource(called)
            for name in _names(called.__code__):
                other = called.__globals__.get(name)
                if isinstance(other, types.FunctionType) and other.__module__ == function.__module__:
                    visit(other)

    visit(function)
    text = "\0".join(seen[name] for name in [function.__name__, *sorted(set(seen) - {function.__name__})])
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def _names(code: types.CodeType) -> set[str]:
    inner = [constant for constant in code.co_consts if isinstance(constant, types.CodeType)]
    return set(code.co_names).union(*map(_names, inner)) if inner else set(code.co_names)
