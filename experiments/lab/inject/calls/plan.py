"""What one arming is to record beyond the first entry of each function: executed lines, and turns.

The driver leaves `plan.json` in the injection's folder before it arms; without it the tracer records first entries
alone:

    {"lines": [["vllm/v1/core/sched/scheduler.py", "Scheduler.schedule"], ...],
     "turns": 150, "turn": [["vllm/v1/core/sched/scheduler.py", "Scheduler.schedule"], ...]}

`lines` are the functions whose source lines are recorded as they run, in turns afresh with each call. Those that a
module holds are found when it is armed, any other of such a name when it is entered first. A server that
decodes when it is armed has entered nearly everything before the request of interest comes. So with `turns` the tracer
waits for the driver's mark, and from then on records first entries and lines afresh in each turn, for that many turns
of a process. A turn begins where the process receives a message and, once it has received one, where it enters a
function in `turn`: before the request has come, a scheduler's steps are the others' alone.
"""

import json
import os
import sys
from mmap import mmap
from types import CodeType

from .code_names import FOLDERS, Files, qualified
from .code_search import codes_of

MARK = 16  # the byte of the arm file at which the driver writes when it sends the request


class Plan:
    """The plan of one arming in one process. `lines` and `turn` map id(code) to the code object."""

    def __init__(self, folder: str, arm: mmap, files: Files):
        try:
            with open(os.path.join(folder, "plan.json"), encoding="utf-8") as file:
                given = json.load(file)
        except FileNotFoundError:
            given = {}
        self._arm, self._files = arm, files
        self.turns = int(given.get("turns", 0))
        # (repository path, qualified name) of the functions whose lines are recorded here
        self.watched: list[tuple[str, str]] = []
        self.lines: dict[int, CodeType] = {}
        self.turn: dict[int, CodeType] = {}
        self._lines = {(path, name) for path, name in given.get("lines", ())}
        self._turn = {(path, name) for path, name in given.get("turn", ())}
        self._known: dict[int, CodeType] = {}
        self.has_lines, self.has_names = bool(self._lines), bool(self._lines or self._turn)  # wanted, here or not
        for path, name in sorted(self._lines | self._turn):
            module = sys.modules.get(module_of(path))
            for code in codes_of(module, name) if module is not None else ():
                self.look(code)

    def marked(self) -> bool:
        """Whether the driver has said that it sends the request now."""
        return self._arm[MARK] != 0

    def look(self, code: CodeType) -> bool:
        """Take up a function that is there, if it is named and was not taken up. True when its lines are wanted."""
        if not self.has_names or id(code) in self._known:
            return False
        self._known[id(code)] = code
        found = self._files(code.co_filename), qualified(code)
        if found in self._turn:
            self.turn[id(code)] = code
        if found not in self._lines:
            return False
        self.lines[id(code)] = code
        if found not in self.watched:
            self.watched.append(found)  # type: ignore[arg-type] # both parts are those of a name that was given
        return True


def module_of(path: str) -> str:
    """`python/sglang/srt/x.py` -> `sglang.srt.x`."""
    for package, folder in FOLDERS.items():
        if path.startswith(folder + "/"):
            path = package + path.removeprefix(folder)
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
