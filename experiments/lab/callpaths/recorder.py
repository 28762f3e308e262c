"""Record the path of one streaming chat completion through servers that a user would start.

A server is started with the tracer injected, warmed up, armed, sent what the experiment's scenario says, and disarmed.
A traced run is slow and is never timed. Servers start side by side, since starting is what takes long; each recording
is written when it is finished, and one that fails does not lose the others.
"""

import sys
import time
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

from experiments.lab.callpaths import recording
from experiments.lab.callpaths.request_patterns import WARM_UP_PROMPTS
from experiments.lab.callpaths.scenario import Scenario, scenario
from experiments.lab.errors import LabError
from experiments.lab.host import host_info, interpreters
from experiments.lab.host.config import Settings
from experiments.lab.host.engine_table import table
from experiments.lab.host.progress import Progress
from experiments.lab.inject.control import Injection
from experiments.lab.load.streaming_client import Reply
from experiments.lab.records import listed_records, record_file
from experiments.lab.records.record_file import Draft
from experiments.lab.servers.server import Server
from experiments.lab.servers.server_spec import ServerSpec


@dataclass(frozen=True)
class PathToRecord:
    """One recording: an experiment's scenario on one configuration."""

    scenario: Scenario
    configuration: str

    @property
    def name(self) -> str:
        return f"{self.scenario.experiment}/path-{self.configuration}"

    @property
    def spec(self) -> ServerSpec:
        return self.scenario.spec(self.configuration)

    @property
    def estimate_s(self) -> float:
        """About how long it takes to start the server and to record it."""
        return table().build(self.spec.engine).start_s or 0


def to_record(
    experiments: Iterable[str], configurations: Collection[str], settings: Settings, out: Path, again: bool = False
) -> tuple[list[PathToRecord], list[str]]:
    """(recordings to make, lines of what cannot be made here). LabError for an unknown experiment or configuration.

    Without `configurations` all of an experiment's that this machine's engines can run, and the others are left out
    with a line on stderr. Finished ones are left out unless `again`.
    """
    chosen = [scenario(number) for number in experiments]
    for name in configurations:
        if not any(name in known.specs for known in chosen):
            chosen[0].spec(name)
    recordings, failures = [], []
    for known in chosen:
        for name in known.specs:
            if configurations and name not in configurations:
                continue
            one = PathToRecord(known, name)
            try:
                digest = interpreters.engine(one.spec.engine, settings)["digest"]
            except LabError as error:
                if configurations:
                    failures.append(f"{one.name}: not recorded here: {error}")
                else:
                    print(f"{one.name}: not recorded here: {error}", file=sys.stderr)
                continue
            path = out / f"{one.name}.json"
            engines = {one.spec.engine: digest}
            if not again and record_file.is_current(path, known.experiment, host_info.host()["id"], engines):
                print(f"{one.name}: finished before", file=sys.stderr)
                continue
            recordings.append(one)
    return recordings, failures


def record_all(
    recordings: list[PathToRecord], settings: Settings, out: Path, progress: Progress
) -> tuple[list[Path], list[str]]:
    """(paths written, a line for each recording that failed). Servers are started side by side and ended when their
    last recording is done."""
    groups: dict[str, list[PathToRecord]] = {}
    for one in recordings:
        groups.setdefault(one.spec.name, []).append(one)
    started, begin = time.time(), time.monotonic()
    servers: dict[str, Server] = {}
    paths: list[Path] = []
    failures: list[str] = []
    try:
        for name, group in groups.items():
            servers[name] = Server(group[0].spec, settings, settings.logs / name)
            try:
                servers[name].start()
            except LabError as error:
                failures += [f"{one.name}: {error}" for one in group]
                del servers[name]
        for name, server in servers.items():
            done, why = _record_group(groups[name], server, out, progress, started, begin)
            paths += done
            failures += why
            server.stop(wait=False)  # it ends while the next is recorded
    finally:
        for server in servers.values():
            server.stop(wait=False)
        for server in servers.values():
            server.stop()
    return paths, failures


def _record_group(
    group: list[PathToRecord], server: Server, out: Path, progress: Progress, started: float, begin: float
) -> tuple[list[Path], list[str]]:
    paths, failures = [], []
    for one in group:
        progress.start(one.name)
        try:
            server.wait(lambda: progress.show(0, 0, "waiting for the traced server"))
            draft = measure(one, server)
            server.vouch()
            record = record_file.finish(draft, one.scenario.experiment, started, time.monotonic() - begin)
            paths.append(record_file.write(out, *record))
            listed_records.written(out, *record)
            progress.finish()
        except LabError as error:
            failures.append(f"{one.name}: {' '.join(str(error).split())}")
            progress.finish("failed")
        except Exception as error:  # a fault of ours in one must not lose the others either
            failures.append(f"{one.name}: {type(error).__name__}: {error}")
            progress.finish("failed")
    return paths, failures


def measure(one: PathToRecord, server: Server) -> Draft:
    """The draft of one recording on a running server. LabError says in one line what failed."""
    if server.injection is None:
        raise LabError(f"{one.name}: its server was started without the tracer; set inject in its ServerSpec")
    recorded, columns, reply = capture(server.injection, server.port, one.configuration, one.scenario)
    workload = {
        "seed": None, "warm_up_requests": len(WARM_UP_PROMPTS), "request": one.scenario.request, **one.scenario.workload
    }
    if lacking := unwatched(one, recorded):
        print(f"{one.name}: no process had {', '.join(lacking)}; their lines were not watched", file=sys.stderr)
    for lost in server.injection.lost():
        print(f"{one.name}: not recorded: {lost}", file=sys.stderr)
    extra: dict = {"answer": "".join(text or "" for _, text in reply.chunks)}
    if reply.usage:
        extra["usage"] = reply.usage
    name = f"path-{one.configuration}"
    return Draft(name, workload, columns=columns, server=server, recording=recorded, extra=extra)


def unwatched(one: PathToRecord, recorded: dict) -> list[str]:
    """The functions of the engine whose lines the scenario wants and that no process had."""
    package = f"{table().engine_of(one.spec.engine).sources}/"
    lines = [(path, name) for path, name in (one.scenario.plan or {}).get("lines", ()) if path.startswith(package)]
    watched = {function["symbol"] for function in recorded.get("lines", ())}
    return [name for path, name in lines if f"{path}::{name}" not in watched]


def capture(injection: Injection, port: int, configuration: str, scenario: Scenario) -> tuple[dict, dict, Reply]:
    """(recording, columns, reply) of the scenario on a running server that was started with the tracer."""
    reply = scenario.send(scenario, injection, port)
    front = table().configuration(configuration).engine.front
    turns = bool(scenario.plan and scenario.plan.get("turns"))
    until = reply.chunks[-1][0] if turns else None  # from then on the server works for the others alone
    recorded, columns = recording.build(injection.read(), configuration, http(reply, front), turns, until)
    return recorded, columns, reply


def http(reply: Reply, front: str) -> list[dict]:
    """The two HTTP messages as the client's socket saw them: the request, and the response as a whole.

    `frames` of the response are its events with a choice; its time is the first one's.
    """
    common = {"transport": "http", "tag": None, "symbol": None}
    first = reply.chunks[0][0]
    return [
        {"t_ns": reply.sent_ns, "to_t_ns": None, "from": "client", "to": front, "type": "POST /v1/chat/completions",
         "bytes": reply.request_bytes, "frames": 1} | common,
        {"t_ns": first, "to_t_ns": first, "from": front, "to": "client", "type": "text/event-stream",
         "bytes": reply.response_bytes, "frames": len(reply.chunks)} | common,
    ]


def record(configuration: str, settings: Settings, out: Path, experiment: str = "01") -> Path:
    """Record one configuration alone, written below `out`; the record's path. LabError for what failed."""
    one = PathToRecord(scenario(experiment), configuration)
    paths, failures = record_all([one], settings, out, Progress({one.name: one.estimate_s}))
    if failures:
        raise LabError(failures[0])
    return paths[0]
