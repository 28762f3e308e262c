"""Record the path of one streaming chat completion through a running, injected server.

The server was started with `Injection.env("trace")`. A few requests warm it up; then every process is armed, one
request is sent, and every process disarmed. Bytes over HTTP are counted here, at the client's socket. A traced run is
slow and is never timed. Standard library only.
"""

import json
import socket
import time

from . import recording
from .inject.control import Injection

WARM_UPS = 3
# A server still works for a moment after its last byte (metrics, freed blocks); arming waits for that.
SETTLE_S = 1.0
TIMEOUT_S = 120.0
REQUEST = {
    "messages": [{"role": "user", "content": "Name three colours."}],
    "max_tokens": 8,
    "temperature": 0,
    "stream": True,
}


def capture(injection: Injection, host: str, port: int, configuration: str, model: str, request=None) -> tuple:
    """(recording, columns, answer text). `model` is the name that the server knows.

    Raises RecordingError or InjectionError (one line each) when the request fails or the trace lacks something.
    """
    request = {"model": model, **(request or REQUEST)}
    for _ in range(WARM_UPS):
        ask(host, port, request)
    time.sleep(SETTLE_S)
    injection.arm()
    try:
        exchange = ask(host, port, request)
        time.sleep(SETTLE_S)
    finally:
        injection.disarm()
    server = "tokenizer-manager" if configuration.startswith("sglang") else "api-server"
    made, columns = recording.build(injection.read(), configuration, exchange.wire(server))
    return made, columns, exchange.text()


class Exchange:
    """One HTTP exchange as the socket saw it: sent bytes, and each piece received with its time."""

    def __init__(self, sent: bytes, t_ns: int):
        self.sent, self.t_ns, self.pieces = sent, t_ns, []

    def body(self) -> bytes:
        return b"".join(data for _, data in self.pieces).partition(b"\r\n\r\n")[2]

    def text(self) -> str:
        """The answer: the deltas of all events, each of which the engines send as one chunk."""
        words = []
        for line in self.body().decode("utf-8", "replace").splitlines():
            if line.startswith("data: {") and line.endswith("}"):
                for choice in json.loads(line[6:]).get("choices", ()):
                    words.append((choice.get("delta") or {}).get("content") or "")
        return "".join(words)

    def wire(self, server: str) -> list:
        """Two entries as in a recording's `wire`: the request, and the response as a whole (frames: events)."""
        common = {"transport": "http", "tag": None, "symbol": None}
        first = self.pieces[0][0]
        return [
            {"t_ns": self.t_ns, "to_t_ns": None, "from": "client", "to": server, "type": "POST /v1/chat/completions",
             "bytes": len(self.sent), "frames": 1} | common,
            {"t_ns": first, "to_t_ns": first, "from": server, "to": "client", "type": "text/event-stream",
             "bytes": sum(len(data) for _, data in self.pieces), "frames": self.body().count(b"data: ")} | common,
        ]


def ask(host: str, port: int, request: dict) -> Exchange:
    """Send one chat completion and read the answer to its end. Raises RecordingError on any other status than 200."""
    body = json.dumps(request).encode()
    head = (
        f"POST /v1/chat/completions HTTP/1.1\r\nHost: {host}:{port}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    with socket.create_connection((host, port), timeout=TIMEOUT_S) as connection:
        exchange = Exchange(head.encode() + body, time.monotonic_ns())
        connection.sendall(exchange.sent)
        while data := connection.recv(65536):
            exchange.pieces.append((time.monotonic_ns(), data))
    status = exchange.pieces[0][1].split(b"\r\n", 1)[0] if exchange.pieces else b"nothing"
    if b" 200 " not in status or b"[DONE]" not in exchange.body():
        answer = exchange.body()[:200].decode("utf-8", "replace") if exchange.pieces else ""
        raise recording.RecordingError(f"the server answered {status.decode()} {' '.join(answer.split())}: see its log")
    return exchange
