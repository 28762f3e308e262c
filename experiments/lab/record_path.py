"""Record the path of one streaming chat completion through a server that a user would start.

The server is started with the tracer injected, warmed up by a few requests, armed, sent one request, and disarmed.
A traced run is slow and is never timed.
"""

import argparse
import sys
import time
from pathlib import Path

from . import recording, records
from .client import Client
from .errors import LabError
from .records import Draft
from .server import Server, ServerSpec
from .settings import LOCAL, ROOT
from .settings import load as load_settings

EXPERIMENT = "01"
# A server still works for a moment after its last byte (metrics, freed blocks); arming waits for that.
SETTLE_S = 1.0
MODEL = "smollm2-135m"
# Warm-ups ask something else, from the first word on: a prompt whose prefix is cached takes another path.
WARM_UP_PROMPTS = ("Count to ten in French.", "List four birds of prey.", "Who wrote about whales?")
REQUEST = {
    "model": MODEL,
    "messages": [{"role": "system", "content": "Name three colours."}, {"role": "user", "content": "Please."}],
    "max_tokens": 8,
    "temperature": 0,
    "stream": True,
}
SPECS = {
    # A graph from the compile cache would hide which functions were compiled into it: leave the cache out.
    "vllm-gpu": {"engine": "vllm", "env": {"VLLM_DISABLE_COMPILE_CACHE": "1"}},
    "vllm-cpu": {"engine": "vllm-cpu", "flags": ("--enforce-eager", "--max-model-len", "2048"),
                 "env": {"VLLM_CPU_KVCACHE_SPACE": "2"}},  # GiB; by default it wants most of the machine's memory
    "sglang-gpu": {"engine": "sglang"},
}


def spec(configuration: str) -> ServerSpec:
    """The server of a configuration. KeyError for an unknown one."""
    return ServerSpec(f"path-{configuration}", model=MODEL, inject="trace", **SPECS[configuration])


def measure(configuration: str, settings, folder: Path, on_wait=lambda: None) -> Draft:
    """Start the configuration's server in `folder`, record one request, stop it. The record's draft; LabError says in
    one line what failed."""
    server = Server(spec(configuration), settings, folder)
    try:
        server.start()
        server.wait(on_wait)
        made, columns, answer = capture(server.injection, server.port, configuration)
    finally:
        server.stop()
    workload = {"seed": None, "warm_up_requests": len(WARM_UP_PROMPTS), "request": REQUEST}
    name, extra = f"path-{configuration}", {"answer": answer}
    return Draft(name, workload, columns=columns, server=server, recording=made, extra=extra)


def record(configuration: str, settings, out: Path, on_wait=lambda: None) -> Path:
    """`measure`, finished and written below `out`/01; the record's path. The server's log goes to the logs folder."""
    started, begin = time.time(), time.monotonic()
    draft = measure(configuration, settings, settings.logs / f"path-{configuration}", on_wait)
    return records.write(out, *records.finish(draft, EXPERIMENT, started, time.monotonic() - begin))


def capture(injection, port: int, configuration: str, request=None) -> tuple:
    """(recording, columns, answer) of one request to a running server that was started with the tracer."""
    request = request or REQUEST
    with Client(port) as client:
        for prompt in WARM_UP_PROMPTS:
            client.chat({**request, "messages": [{"role": "system", "content": prompt}, *request["messages"][1:]]})
        time.sleep(SETTLE_S)
        injection.arm()
        try:
            reply = client.chat(request)
            time.sleep(SETTLE_S)
        finally:
            injection.disarm()
    front = "tokenizer-manager" if configuration.startswith("sglang") else "api-server"
    made, columns = recording.build(injection.read(), configuration, http(reply, front))
    return made, columns, "".join(text or "" for _, text in reply.chunks)


def http(reply, front: str) -> list:
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


def main(arguments=None) -> int:
    parser = argparse.ArgumentParser(prog="python -m experiments.lab.record_path", description=__doc__.split("\n")[0])
    parser.add_argument("--configuration", required=True, choices=SPECS)
    parser.add_argument("--out", type=Path, default=ROOT / LOCAL, help="folder of records (default: %(default)s)")
    options = parser.parse_args(arguments)
    try:
        print(record(options.configuration, load_settings(), options.out))
    except LabError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
