"""What one arming is to record beyond the first entry of each function: executed lines, and turns.

The driver leaves `plan.json` in the injection's folder before it arms; without it the tracer records first entries
alone:

    {"lines": [["vllm/v1/core/sched/scheduler.py", "Scheduler.schedule"], ...],
     "turns": 150, "turn": [["vllm/v1/core/sched/scheduler.py", "Scheduler.schedule"], ...]}

`lines` are the functions whose source lines are recorded as they run, in turns afresh with each call. A server that
decodes when it is armed has entered nearly everything before the request of interest comes. So with `turns` the tracer
waits for the driver's mark, and from then on records first entries and lines afresh in each turn, for that many turns
of a process. A turn begins where the process receives a message and, once it has received one, where it enters a
function in `turn`: before the request has come, a scheduler's steps are the others' alone.
"""

import json
import os
import sys
from mmap import mmap
from types import CellType, CodeType, FunctionType, ModuleType

from .code_names import FOLDERS

MARK = 16  # the byte of the arm file at which the driver writes when it sends the request


class Plan:
    """The plan of one arming in one process. `lines` and `turn` map id(code) to the code object."""

    def __init__(self, folder: str, arm: mmap):
        try:
            with open(os.path.join(folder, "plan.json"), encoding="utf-8") as file:
                given = json.load(file)
        except FileNotFoundError:
            given = {}
        self._arm = arm
        self.turns = int(given.get("turns", 0))
        # (repository path, qualified name) of the functions whose lines are recorded here
        self.watched: list[tuple[str, str]] = []
        self.lines = self._codes(given.get("lines", ()), self.watched)
        self.turn = self._codes(given.get("turn", ()), [])

    def marked(self) -> bool:
        """Whether the driver has said that it sends the request now."""
        return self._arm[MARK] != 0

    def _codes(self, names: list, here: list) -> dict[int, CodeType]:
        """Those that this process has; the recording lists them, and the driver says which no process had."""
        codes = {}
        for path, name in names:
            module = sys.modules.get(module_of(path))
            code = code_of(module, name) if module is not None else None
            if code is not None:
                codes[id(code)] = code
                here.append((path, name))
        return codes


def module_of(path: str) -> str:
    """`python/sglang/srt/x.py` -> `sglang.srt.x`."""
    for package, folder in FOLDERS.items():
        if path.startswith(folder + "/"):
            path = package + path.removeprefix(folder)
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def code_of(module: ModuleType, name: str) -> CodeType | None:
    """The code object of a function of the module by its qualified name, decorated or not; None when not there."""
    owner: object = module
    *outer, last = name.split(".")
    for part in outer:
        owner = vars(owner).get(part) if hasattr(owner, "__dict__") else None
        if owner is None:
            return None
    waiting: list = [vars(owner).get(last)]
    seen: set[int] = set()
    while waiting:
        thing = waiting.pop(0)
        if thing is None or id(thing) in seen:
            continue
        seen.add(id(thing))
        if isinstance(thing, CodeType):
            if thing.co_qualname == name:
                return thing
            continue
        if isinstance(thing, FunctionType):
            # A decorator that does not say what it wraps still holds it in a closure.
            cells = [cell.cell_contents for cell in thing.__closure__ or () if _filled(cell)]
            waiting += [thing.__code__, thing.__dict__.get("__wrapped__"), *cells]
        else:
            waiting += [getattr(thing, key, None) for key in ("__func__", "fget", "__wrapped__") if hasattr(thing, key)]
        if len(seen) > 50:
            return None
    return None


def _filled(cell: CellType) -> bool:
    try:
        return cell.cell_contents is not None
    except ValueError:
        return False
