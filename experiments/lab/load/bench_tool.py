"""The process in which `vllm bench serve` runs (workers/bench_serve.py): started, asked, kept for the next, ended.

Importing the tool takes 10 to 20 seconds, so the process outlives a fleet: who is through with one gives it back, and
the next who asks for the same interpreter gets that one. Idle it waits for a line and does nothing. It ends with this
process, whatever happens: at its exit, or when its standard input closes.
"""

import atexit
import json
import queue
import subprocess
import threading
from collections.abc import Sequence
from pathlib import Path

from experiments.lab.errors import LabError
from experiments.lab.host import interpreters

WORKER = Path(__file__).parents[1] / "workers/bench_serve.py"
IMPORT_LIMIT_S = 240
_idle: "list[Tool]" = []


class Tool:
    """One such process of the interpreter `python`; what it prints goes to `folder`/bench.log. It imports the tool at
    once, and the first `ask` waits for that."""

    def __init__(self, python: Path, folder: Path):
        self.python = python
        folder.mkdir(parents=True, exist_ok=True)
        env = interpreters.outside()
        # The tool draws a chunk's tokens from the hash of its number, which Python varies from process to process.
        env.update(PYTHONHASHSEED="0", PYTHONUNBUFFERED="1", HF_HUB_OFFLINE="1", VLLM_NO_USAGE_STATS="1")
        self.log = folder / "bench.log"
        with open(self.log, "wb") as log:
            self._process = process = subprocess.Popen(
                [str(python), str(WORKER)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, env=env,
                cwd=folder, text=True, bufsize=1, start_new_session=True,
            )
        self._answers: queue.Queue = queue.Queue()
        threading.Thread(target=_listen, args=(process, self._answers), daemon=True).start()
        self._ready = False

    def ask(self, arguments: Sequence[str], limit_s: float, doing: str) -> dict:
        """What it answers to the arguments of one `vllm bench serve`: {"ok"} or {"error"}. LabError when it does not
        start, has ended, or takes over `limit_s` for what it is `doing`, for which it is ended."""
        if not self._ready:
            if "ready" not in self._answer(IMPORT_LIMIT_S, "importing it"):
                raise LabError(f"vllm bench serve: does not start: {self._last_words()} (log: {self.log})")
            self._ready = True
        try:
            print(json.dumps(arguments), file=self._process.stdin, flush=True)
        except OSError:
            raise LabError(f"vllm bench serve: its process has ended: {self._last_words()} (log: {self.log})") from None
        return self._answer(limit_s, doing)

    def alive(self) -> bool:
        return self._process.poll() is None

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()

    def _answer(self, limit_s: float, doing: str) -> dict:
        try:
            return self._answers.get(timeout=limit_s)
        except queue.Empty:
            self.stop()
            raise LabError(
                f"vllm bench serve: {doing} took over {limit_s:g} s and was ended (log: {self.log}); is the server stuck?"
            ) from None

    def _last_words(self) -> str:
        lines = self.log.read_text(errors="replace").strip().splitlines()
        return lines[-1][:300] if lines else "it printed nothing"


def take(python: Path, folder: Path) -> Tool:
    """One that is idle, of that interpreter, or a new one, whose log is in `folder`."""
    for tool in [tool for tool in _idle if tool.python == python]:
        _idle.remove(tool)
        if tool.alive():
            return tool
        tool.stop()
    return Tool(python, folder)


def give_back(tool: Tool) -> None:
    """For the next `take`; the caller is through with it, and no answer of it is outstanding."""
    _idle.append(tool)


@atexit.register
def end_idle() -> None:
    """End those that nobody uses."""
    while _idle:
        _idle.pop().stop()


def _listen(process: "subprocess.Popen[str]", answers: queue.Queue) -> None:
    for line in process.stdout or ():
        answers.put(json.loads(line))
    answers.put({"error": "its process ended"})
