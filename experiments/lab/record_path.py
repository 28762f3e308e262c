"""Record the path of one streaming chat completion through a server that a user would start.

The server is started with the tracer injected, warmed up by a few requests, armed, sent one request, and disarmed.
A traced run is slow and is never timed.
"""

import time
from pathlib import Path

from . import recording
from .client import Client
from .server import Server, ServerSpec

WARM_UPS = 3
# A server still works for a moment after its last byte (metrics, freed blocks); arming waits for that.
SETTLE_S = 1.0
MODEL = "smollm2-135m"
REQUEST = {
    "model": MODEL,
    "messages": [{"role": "user", "content": "Name three colours."}],
    "max_tokens": 8,
    "temperature": 0,
    "stream": True,
}
SPECS = {
    # A graph from the compile cache would hide which functions were compiled into it: leave the cache out.
    "vllm-gpu": {"engine": "vllm", "env": {"VLLM_DISABLE_COMPILE_CACHE": "1"}},
    "vllm-cpu": {"engine": "vllm-cpu", "flags": ("--enforce-eager", "--max-model-len", "2048")},
    "sglang-gpu": {"engine": "sglang"},
}


def spec(configuration: str) -> ServerSpec:
    """The server of a configuration. KeyError for an unknown one."""
    return ServerSpec(f"path-{configuration}", model=MODEL, inject="trace", **SPECS[configuration])


def record(configuration: str, settings, folder: Path, on_wait=lambda: None) -> tuple:
    """Start the configuration's server in `folder`, record one request, stop it.

    Returns (recording, columns, answer, server), the last for the record's command and environment. LabError says in
    one line what failed.
    """
    server = Server(spec(configuration), settings, folder)
    try:
        server.start()
        server.wait(on_wait)
        return *capture(server.injection, server.port, configuration), server
    finally:
        server.stop()


def capture(injection, port: int, configuration: str, request=None) -> tuple:
    """(recording, columns, answer) of one request to a running server that was started with the tracer."""
    request = request or REQUEST
    with Client(port) as client:
        for _ in range(WARM_UPS):
            client.chat(request)
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
