"""A small site that has one of everything: an engine of two files, a recording, records, claims, a figure, pages.

Tests damage a copy of it. The record schema is the published one.
"""

import copy
import gzip
import hashlib
import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from scripts import comparisons, drift, pins, releases
from scripts.errors import SiteError

ROOT = Path(__file__).resolve().parents[2]
ARTIFACT = "ab" * 32
FRONT = "vllm/front.py"
CORE = "vllm/core.py"
SOURCES = {
    FRONT: """import asyncio


def route(f):
    return f


@route
async def chat(request):
    return await send(request)


async def send(request):
    return request


async def answer(output):
    yield output
""",
    CORE: """class Core:
    def loop(self):
        while True:
            self.step()

    def step(self):
        return self.schedule()

    def schedule(self):
        def pick():
            return 1
        return pick()

    def forward_gpu(self):
        pass

    def forward_cpu(self):
        pass

    def layer(self):
        pass
""",
}
PINS = f"""
[vllm]
name = "vLLM"
version = "0.32.0"
tag = "v0.32.0"
repository = "vllm-project/vllm"
sources = "vllm"
artifact = "vllm-0.32.0.tar.gz"
inside = "vllm-0.32.0/vllm"
bytes = 1
unpacked_bytes = 1
sha256 = "{ARTIFACT}"
"""
MANIFEST = """
[[excerpt]]
id = "step"
engine = "vllm"
path = "vllm/core.py"
symbol = "Core.step"
digest = "DIGEST"
[[excerpt.note]]
id = "one"
at = "schedule"
text = "It schedules first."

[[setting]]
id = "pick"
engine = "vllm"
name = "--pick"
path = "vllm/core.py"
symbol = "Core.schedule.pick"
value = 'return (\\d)'
who = "nobody"

[[path]]
id = "chat"
title = "A chat request"
engine = "vllm"
configurations = ["vllm-gpu", "vllm-cpu"]
[[path.hop]]
id = "loop"
symbol = "vllm/core.py::Core.loop"
in = { vllm-gpu = "engine-core", vllm-cpu = "engine-core" }
kind = "standing"
does = "waits for work"
[[path.hop]]
id = "chat"
symbol = "vllm/front.py::chat"
in = { vllm-gpu = "api-server", vllm-cpu = "api-server" }
does = "takes the request"
[[path.hop]]
id = "send"
symbol = "vllm/front.py::send"
in = { vllm-gpu = "api-server", vllm-cpu = "api-server" }
does = "hands it on"
crosses = "`Request` over ZMQ"
[[path.hop]]
id = "step"
symbol = "vllm/core.py::Core.step"
in = { vllm-gpu = "engine-core", vllm-cpu = "engine-core" }
excerpt = "step"
does = "does one step"
[[path.hop]]
id = "forward-gpu"
symbol = "vllm/core.py::Core.forward_gpu"
in = { vllm-gpu = "engine-core" }
does = "runs on the card"
[[path.hop]]
id = "layer"
symbol = "vllm/core.py::Core.layer"
in = { vllm-gpu = "engine-core" }
kind = "compiled"
does = "one layer"
[[path.hop]]
id = "forward-cpu"
symbol = "vllm/core.py::Core.forward_cpu"
in = { vllm-cpu = "worker" }
does = "runs on the processor"
[[path.hop]]
id = "answer"
symbol = "vllm/front.py::answer"
in = { vllm-gpu = "api-server", vllm-cpu = "api-server" }
kind = "resume"
does = "streams the tokens"
"""
KNOBS = """
[[group]]
id = "loop"
title = "The loop"

[[knob]]
id = "pick"
name = "What is picked"
group = "loop"
vllm = "01/pick"
trades = "More is *slower*."
claims = ["wait"]
excerpts = ["01/step"]
"""
FAMOUS = """
[source.blog]
title = "A blog"
url = "https://example.org/blog"
date = "2024-05"
read = "original"

[[group]]
id = "time"
title = "Where time goes"

[[figure]]
id = "third"
group = "time"
source = "blog"
what = "Share of the *wait*"
figure = "33%"
kind = "single"
setup = "a model of 8B on one card"
against = "nothing"
ours = "It waits {{wait.share}} of the time ({{wait.share.ci}})."
verdict = "not on this set-up"
why = "Another model."
"""
PAGE = """---
title: One request
---
# One request

/// path | chat
///

/// excerpt | step
///

It waits {{wait.share}} of the time ({{wait.share.ci}}), on {{record:01/ttft#host.cpu}}.
Theirs was 33%{quoted: blog}, a block has 16 tokens{fixed: the default}.

/// claim | wait
///

/// figure | 01/wait.svg
    alt: The wait is {{wait.share}}.
Waiting is most of it.
///

/// boundaries | 01
///

/// settings
///

## Corrections

None yet.
"""
SVG = (
    '<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
    'width="90pt" height="30pt" viewBox="0 0 90 30"><metadata>made by a library</metadata><defs><path id="m" d="M0 0"/>'
    '<clipPath id="c"><rect width="9" height="9"/></clipPath></defs><g clip-path="url(#c)" style="fill: var(--fg)">'
    '<use xlink:href="#m"/></g></svg>'
)
ENTRIES = {  # symbol: (line, kind, pid, t_ns, phase); per configuration in `recording`
    f"{CORE}::Core.loop": (2, "standing", 2, 1, "standing"),
    f"{FRONT}::chat": (8, "start", 1, 10, "request"),
    f"{FRONT}::send": (13, "start", 1, 20, "request"),
    f"{CORE}::Core.step": (6, "start", 2, 30, "request"),
    f"{CORE}::Core.forward_gpu": (14, "start", 2, 40, "request"),
    f"{CORE}::Core.layer": (20, "start", 2, 0, "warmup"),
    f"{CORE}::Core.forward_cpu": (17, "start", 3, 40, "request"),
    f"{FRONT}::answer": (17, "resume", 1, 50, "request"),
}
COLUMNS = ("symbol", "line", "kind", "pid", "thread", "t_ns", "phase")


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def base_record(measurement: str) -> dict:
    return {
        "schema": "record/1",
        "experiment": "01",
        "measurement": measurement,
        "engine": {
            "name": "vllm",
            "version": "0.32.0",
            "distribution": "vllm",
            "distribution_version": "0.32.0",
            "digest": "sha256:" + "0" * 64,
        },
        "model": {"name": "smollm2-135m", "weights": "real", "dtype": "bfloat16"},
        "host": {
            "id": "0123456789abcdef",
            "gpu": None,
            "driver": None,
            "cuda": None,
            "cpu": "A processor",
            "cores": 2,
            "memory_bytes": 8 * 2**30,
            "os": "Linux 6.1",
            "python": "3.11.7",
            "torch": "2.13.0+cpu",
            "boot": "0" * 16,
        },
        "command": ["python", "-m", "vllm.entrypoints.openai.api_server", "--model", "models/smollm2-135m"],
        "environment": {},
        "workload": {"seed": 1},
        "started": "2026-11-01T10:00:00Z",
        "wall_s": 9,
        "lab": "sha256:" + "1" * 64,
        "samples": [{"name": "ttft", "unit": "ms", "labels": {"engine": "vllm"}, "values": [1.5, 2.5, 2.0]}],
    }


def rows(configuration: str) -> list[list]:
    """The entries of a configuration as [symbol, line, kind, pid, thread, t_ns, phase]."""
    other = "forward_cpu" if configuration == "vllm-gpu" else "forward_gpu"
    found = []
    for symbol, (line, kind, pid, t_ns, phase) in ENTRIES.items():
        if symbol.endswith(other) or (configuration == "vllm-cpu" and symbol.endswith("layer")):
            continue
        found.append([symbol, line, kind, pid, "MainThread", t_ns, phase])
    return found


class Site:
    """The small site in a folder, with ways to damage it."""

    def __init__(self, root: Path):
        self.root = root
        cache = root / ".cache/sources" / ARTIFACT[:16]
        self.write("snippets/pins.toml", PINS)
        for path, text in SOURCES.items():
            self.write(f"{cache.relative_to(root)}/{path}", text)
        self.write(
            f"{cache.relative_to(root)}/files.json", json.dumps({p: sha(t.encode()) for p, t in SOURCES.items()})
        )
        quoted = "".join(line + "\n" for line in SOURCES[CORE].split("\n")[5:7])
        self.manifest = MANIFEST.replace("DIGEST", "sha256:" + sha(quoted.encode()))
        self.write("snippets/01-one-request.toml", self.manifest)
        self.write("snippets/famous.toml", FAMOUS)
        self.write("snippets/knobs.toml", KNOBS)
        self.write("docs/posts/01-one-request.md", PAGE)
        self.write("docs/reference/ledger.md", "# Ledger\n\n/// ledger\n///\n")
        self.write("experiments/figures/01/wait.svg", SVG)
        target = root / "experiments/lab/schema/record.schema.json"
        target.parent.mkdir(parents=True)
        shutil.copy(ROOT / "experiments/lab/schema/record.schema.json", target)
        self.record = self.save_record("ttft", base_record("ttft"))
        self.recording = {name: self.save_recording(name, rows(name)) for name in ("vllm-gpu", "vllm-cpu")}
        self.claim = {
            "id": "wait",
            "title": "Waiting dominates",
            "sentence": "A request waits {share} of its time & more.",
            "values": {"share": {"value": 61.238, "unit": "%", "ci": [60.1, 62.44], "n": 40, "digits": 3}},
            "holds": True,
            "tier": "cpu-server",
            "records": [{"path": "experiments/records/01/ttft.json", "sha256": sha(self.record.read_bytes())}],
            "code": "sha256:" + "2" * 64,
            "host": {"id": "0123456789abcdef", "label": "A processor, 2 cores"},
            "measured": "2026-11-01T10:00:00Z",
            "pin": {"vllm": "0.32.0"},
            "figure": "figures/01/wait.svg",
            "command": "make experiments EXP=01",
        }
        self.save_claims([self.claim])
        # One file has a line more, the other ends its scheduling another way.
        other = SOURCES[CORE].replace("return pick()", "return pick() + 1")
        self.newer = {FRONT: "# more\n" + SOURCES[FRONT], CORE: other}
        self.release("0.33.0", self.newer)
        self.compare("0.33.0")

    def release(self, version: str, files: dict) -> None:
        """Puts another release of the engine where a fetch would."""
        digest = sha(version.encode())
        cache = f".cache/sources/{digest[:16]}"
        for path, text in files.items():
            self.write(f"{cache}/{path}", text)
        self.write(f"{cache}/files.json", json.dumps({path: sha(text.encode()) for path, text in files.items()}))
        pin = releases.named(pins.load(self.root)["vllm"], version)
        releases.remember(replace(pin, sha256=digest, bytes=1, unpacked_bytes=1), self.root)

    def compare(self, version: str) -> dict:
        """Compares the site with it, as `make drift` does, and commits the comparison; returns it."""
        _, data = drift.run(pins.load(self.root)["vllm"], version, self.root)
        comparisons.write(data, self.root)
        return data

    def write(self, path: str, text: str) -> Path:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
        return file

    def save_record(self, name: str, data: dict) -> Path:
        return self.write(f"experiments/records/01/{name}.json", json.dumps(data))

    def save_recording(self, configuration: str, entries: list, **changed) -> Path:
        """A path record with its column file; `changed` replaces parts of the recording object."""
        columns = {name: [row[at] for row in entries] for at, name in enumerate(COLUMNS)}
        file = self.root / f"experiments/records/01/path-{configuration}.entries.json.gz"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(gzip.compress(json.dumps(columns).encode(), mtime=0))
        data = base_record("path")
        data["samples"] = []
        data["columns"] = {"file": file.name, "sha256": sha(file.read_bytes())}
        roles = {1: "api-server", 2: "engine-core", 3: "worker"}
        pids = {row[3] for row in entries}
        wire = {"transport": "zmq", "frames": 2, "symbol": f"{FRONT}::send", "tag": "", "to_t_ns": None}
        data["recording"] = {
            "configuration": configuration,
            "files": {path: sha(text.encode()) for path, text in SOURCES.items()},
            "processes": [{"pid": pid, "role": roles[pid], "name": "python"} for pid in sorted(pids)],
            "wire": [
                wire | {"t_ns": 25, "from": "api-server", "to": "engine-core", "type": "Request", "bytes": 1200},
                wire | {"t_ns": 26, "from": "api-server", "to": "engine-core", "type": "Request", "bytes": 900},
                wire | {"t_ns": 45, "from": "engine-core", "to": None, "type": "Output", "bytes": 88},
            ],
        } | changed
        return self.save_record(f"path-{configuration}", data)

    def save_claims(self, claims: list, experiment: str = "01") -> Path:
        data = {"schema": "claims/1", "experiment": experiment, "claims": claims}
        return self.write(f"experiments/claims/{experiment}.json", json.dumps(data))

    def changed_claim(self, **changed) -> dict:
        return copy.deepcopy(self.claim) | changed


def one_line(call, *parts: str) -> None:
    """`call()` has to end in a SiteError of one line that has all the parts."""
    with pytest.raises(SiteError) as caught:
        call()
    assert "\n" not in str(caught.value)
    for part in parts:
        assert part in str(caught.value), str(caught.value)
