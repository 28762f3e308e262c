"""One entry of the stages file: which function, and what of its arguments and result to note."""

import re
from typing import Any

_EXPRESSION = re.compile(r"(?:(len)\()?(args|kwargs|self|result)((?:\.\w+)*)\)?")


class Probe:
    """One entry of the stages file, its expressions parsed. A wrong one raises ValueError."""

    def __init__(self, entry: dict):
        self.stage, self.module, self.qualname = entry["stage"], entry["module"], entry["qualname"]
        self.gpu = bool(entry.get("gpu"))
        self.keep = entry.get("keep")
        self.before: dict[str, tuple] = {}
        self.after: dict[str, tuple] = {}
        for name, text in (entry.get("info") or {}).items():
            match = _EXPRESSION.fullmatch(text)
            if not match or text.endswith(")") != bool(match[1]):
                raise ValueError(f"stage {self.stage}: info {text!r} is no path from args, kwargs, self or result")
            steps = [int(s) if s.isdigit() else s for s in match[3].split(".")[1:]]
            (self.after if match[2] == "result" else self.before)[name] = (bool(match[1]), match[2], steps)
        if self.keep is not None and self.keep not in self.after:
            raise ValueError(f"stage {self.stage}: keep {self.keep!r} names no info that is read from the result")

    def read(self, expressions: dict[str, tuple], args: tuple, kwargs: dict, result: object = None) -> dict:
        """The expressions' values; None where a step leads nowhere."""
        values = {}
        for name, (length, root, steps) in expressions.items():
            try:
                value: Any = {"args": args, "kwargs": kwargs, "result": result, "self": args[0] if args else None}[root]
                for step in steps:
                    value = value[step] if isinstance(step, int) or isinstance(value, dict) else getattr(value, step)
                values[name] = len(value) if length else _plain(value)
            except Exception:
                values[name] = None
        return values


def _plain(value: object) -> object:
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_plain(item) for item in list(value)[:64]]
    return type(value).__name__
