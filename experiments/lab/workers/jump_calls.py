"""Who calls jump-forward decoding: `python jump_calls.py MODEL_FOLDER [JSON]`, in the environment of either engine.

Prints one JSON object, {"workload", "rows"}. The model folder is not read. Every Python file of the engine's package is
parsed, none is imported; JSON overrides keys of WORKLOAD, `package` is "vllm" or "sglang". A row a name: where it is
defined, by path and symbol; where it is called, each with the symbol that holds the call; and how many strings of the
package are equal to it, since getattr could call by such a one. `inside` are the calls by a function of that same name or
of another name of the list: a wrapper that hands on, or a file's own demonstration; `outside` all others.
"""

import ast
import importlib.util
import sys
from pathlib import Path

from worker_kit.worker_io import answer_with

WORKLOAD = {"package": "vllm", "names": [
    "try_jump_forward", "jump_forward_str_state", "jump_and_retokenize", "find_jump_forward_string", "jump_forward_symbol",
    "jump_forward_byte", "OutlinesJumpForwardMap", "init_state_to_jump_forward", "compute_ff_tokens",
]}


class Calls(ast.NodeVisitor):
    """Definitions, calls and equal strings of `names` in one file."""

    def __init__(self, path: str, names: set, found: dict):
        self.path, self.names, self.found, self.stack = path, names, found, []

    def _scope(self, node) -> None:
        if node.name in self.names:
            self.found[node.name]["defined"].append(f"{self.path}::{'.'.join([*self.stack, node.name])}")
        self.stack.append(node.name)
        self.generic_visit(node)
        self.stack.pop()

    visit_ClassDef = visit_FunctionDef = visit_AsyncFunctionDef = _scope

    def visit_Call(self, node) -> None:
        name = getattr(node.func, "attr", getattr(node.func, "id", None))
        if name in self.names:
            own = bool(self.stack) and (self.stack[-1] in self.names or any(each in self.names for each in self.stack))
            # A file's own demonstration: it runs when the file is run as a program.
            shown = bool(self.stack) and self.stack[0].startswith(("test_", "demo_"))
            self.found[name]["inside" if own or shown else "outside"].append(f"{self.path}::{'.'.join(self.stack) or 'module'}")
        self.generic_visit(node)

    def visit_Constant(self, node) -> None:
        if isinstance(node.value, str) and node.value in self.names:
            self.found[node.value]["strings"] += 1


def measure(_model: str, what: dict) -> list[dict]:
    spec = importlib.util.find_spec(what["package"])
    if spec is None or not spec.submodule_search_locations:
        raise ValueError(f"{what['package']} is not installed here; run this in its environment")
    root, files = Path(spec.submodule_search_locations[0]), 0
    found = {name: {"defined": [], "inside": [], "outside": [], "strings": 0} for name in what["names"]}
    for path in sorted(root.rglob("*.py")):
        Calls(f"{root.name}/{path.relative_to(root)}", set(found), found).visit(ast.parse(path.read_bytes()))
        files += 1
    what["files"] = files
    return [{"name": name, **each} for name, each in found.items()]


if __name__ == "__main__":
    sys.exit(answer_with(measure, WORKLOAD))
