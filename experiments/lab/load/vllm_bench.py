"""Load from `vllm bench serve` on a running server of either engine, and its saved detailed result read back.

    with Bench(settings, folder) as bench:
        run = bench.run(server, asks)
        run.served[0].ttft_ms

The tool runs in one long-lived process of vLLM's environment (bench_tool.py). It takes its times at the
client: TTFT from the call that opens the request to the first chunk with a choice, ITL between two such chunks.
"""

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from experiments.lab.errors import LabError
from experiments.lab.host import model_folders
from experiments.lab.host.config import Settings
from experiments.lab.load import bench_tool, load_trace
from experiments.lab.servers.server import Server

# Without the check the tool would send the first prompt once more before it measures, which puts it into the cache.
FIXED = ("--backend", "openai", "--dataset-name", "timed_trace", "--ready-check-timeout-sec", "0", "--temperature", "0",
         "--disable-tqdm", "--save-result", "--save-detailed")
# What a record says of the load: the words that are the same in every call, and what stands for the others.
COMMAND = ["vllm", "bench", "serve", *FIXED, "--model", "MODEL", "--port", "PORT", "--dataset-path", "TRACE"]
NEEDED = ("input_lens", "output_lens", "start_times", "ttfts", "itls", "latencies", "errors", "duration")


@dataclass(frozen=True)
class Served:
    """One answered request. `sent_s` after the first of its run; `itl_ms` the gaps between its chunks."""

    ask: load_trace.Ask
    sent_s: float
    ttft_ms: float
    latency_ms: float
    itl_ms: tuple

    @property
    def tpot_ms(self) -> float:
        """Mean time per output token after the first, ms."""
        return (self.latency_ms - self.ttft_ms) / (self.ask.out - 1)

    def chunk_times_s(self) -> list:
        """When each chunk was read, in s after the first request of the run was sent."""
        times = [self.sent_s + self.ttft_ms / 1e3]
        for gap in self.itl_ms:
            times.append(times[-1] + gap / 1e3)
        return times


@dataclass(frozen=True)
class Run:
    """One replayed trace; `served` in the trace's order."""

    served: tuple

    def of(self, kind: str) -> list:
        return [each for each in self.served if each.ask.kind == kind]

    def wall_s(self) -> float:
        """From the first request sent to the last chunk read."""
        return max(each.sent_s + each.latency_ms / 1e3 for each in self.served)

    def throughput(self) -> float:
        """Prompt and output tokens a second, over `wall_s`."""
        return sum(each.ask.tokens + each.ask.out for each in self.served) / self.wall_s()


class Bench:
    """`vllm bench serve`, kept ready. `__exit__` leaves its process to the next fleet, but one that may be in the middle
    of a load ends."""

    def __init__(self, settings: Settings, folder: Path):
        self.settings, self.folder = settings, Path(folder)
        self._tool: bench_tool.Tool | None = None
        self._count = 0

    def __enter__(self) -> "Bench":
        self.start()
        return self

    def __exit__(self, error: type[BaseException] | None, *_: object) -> None:
        tool, self._tool = self._tool, None
        if tool is not None:
            if error:
                tool.stop()
            else:
                bench_tool.give_back(tool)

    def start(self) -> None:
        """Start the process, or take one that is ready; `run` waits until it has imported the tool."""
        python = next((p for name in ("vllm", "vllm-cpu") if (p := self.settings.pythons.get(name))), None)
        if python is None:
            raise LabError("vllm bench serve: no interpreter has vLLM; `make engine-cpu` makes one, or set LAB_VLLM_PYTHON")
        self.folder.mkdir(parents=True, exist_ok=True)
        self._tool = bench_tool.take(python, self.folder)

    def run(self, server: Server, asks: Sequence[load_trace.Ask], concurrency: int | None = None, limit_s: float = 180.0,
            body: dict | None = None) -> Run:
        """Replay `asks` on `server`, at most `concurrency` at a time; later ones then wait, in order. `body` is what every
        request says besides: a `response_format`, for one.

        LabError when a request failed, the server died, the tool took over `limit_s`, or its result is not whole.
        """
        if self._tool is None or not self._tool.alive():
            self.start()
        self._count += 1
        name = f"{self._count:04}-{server.spec.name}"
        trace, result = self.folder / f"{name}.trace.jsonl", self.folder / f"{name}.json"
        load_trace.write(trace, asks)
        arguments = [*FIXED, "--model", str(model_folders.folder(server.spec.model, self.settings)), "--served-model-name",
                     server.spec.model, "--host", "127.0.0.1", "--port", str(server.port), "--dataset-path", str(trace),
                     "--num-prompts", str(len(asks)), "--result-dir", str(self.folder), "--result-filename", result.name]
        if concurrency:
            arguments += ["--max-concurrency", str(concurrency)]
        if body:
            arguments += ["--extra-body", json.dumps(body)]
        assert self._tool is not None  # it was started
        answer = self._tool.ask(arguments, limit_s, f"a load of {len(asks)} requests on {server.spec.name}")
        if "error" in answer:
            _died(server)
            raise LabError(f"{server.spec.name}: vllm bench serve failed: {answer['error']} (log: {self._tool.log})")
        run = read(result, asks, server)
        trace.unlink()
        result.unlink()
        return run


def read(path: Path, asks: Sequence[load_trace.Ask], server: Server) -> Run:
    """The saved detailed result of one run. LabError when it is cut short, or any request failed."""
    where = f"{server.spec.name}: {path.name}"
    try:
        data = json.loads(path.read_text())
    except OSError:
        raise LabError(f"{where}: vllm bench serve saved no result; measure again") from None
    except ValueError as error:
        raise LabError(f"{where}: the result is cut short ({error}); measure again") from None
    if missing := [key for key in NEEDED if key not in data]:
        raise LabError(f"{where}: the result lacks {', '.join(missing)}; was it saved with --save-detailed?")
    failed = [error for error in data["errors"] if error]
    if failed:
        _died(server)
        raise LabError(f"{where}: {len(failed)} of {len(asks)} requests failed: {failed[0].strip().splitlines()[-1][:200]}")
    rows = list(zip(*(data[key] for key in NEEDED[:-2]), strict=False))
    if len(rows) != len(asks):
        raise LabError(f"{where}: {len(rows)} requests in the result, {len(asks)} were sent; measure again")
    begin = min(data["start_times"])
    served = []
    for ask, (tokens, out, sent, ttft, itls, latency) in zip(asks, rows, strict=True):
        if tokens != ask.tokens:
            raise LabError(f"{where}: a prompt of {ask.tokens} tokens was counted as {tokens} by the server")
        if out != ask.out:
            raise LabError(f"{where}: {out} output tokens, {ask.out} were asked for; did the engine stop early?")
        served.append(Served(ask, sent - begin, ttft * 1e3, latency * 1e3, tuple(gap * 1e3 for gap in itls)))
    return Run(tuple(served))


def _died(server: Server) -> None:
    """LabError that names the cause if the server is dead; a process that is dying gets a moment to be so."""
    deadline = time.monotonic() + 2
    while server.alive() and time.monotonic() < deadline:
        time.sleep(0.1)
    if not server.alive():
        raise LabError(server.epitaph("under load"))
