"""A streaming chat client that stamps every piece it reads, and closed loops of them.

Standard library only, one socket a client, kept alive: no connection set-up lies inside a measured request. All times
are `time.monotonic_ns`, the clock that the engine's probes use too.
"""

import json
import multiprocessing
import queue
import random
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from experiments.lab.errors import LabError

TIMEOUT_S = 120.0


@dataclass
class Reply:
    """One streamed answer. Times in ns of `time.monotonic_ns`; sizes in bytes on the socket, heads included."""

    sent_ns: int
    head_ns: int = 0
    request_bytes: int = 0
    response_bytes: int = 0
    chunks: list = field(default_factory=list)  # (t_ns, content or None) for each event with a choice
    usage: dict = field(default_factory=dict)

    def first_chunk_ms(self) -> float:
        """Request written to first event read. On both engines that event names the role and carries no text; it
        is made when the first token arrives."""
        return (self.chunks[0][0] - self.sent_ns) / 1e6

    def first_text_ms(self) -> float | None:
        """Request written to first event with text in it; None if no event had any."""
        return next(((t - self.sent_ns) / 1e6 for t, text in self.chunks if text), None)


class Client:
    """One kept-alive connection to a server on this host. `on_event` is called with what there is of the answer after
    each event of it."""

    def __init__(self, port: int, timeout: float = TIMEOUT_S, on_event: Callable[[Reply], None] | None = None):
        self.port, self.timeout, self._on_event = port, timeout, on_event
        self._socket: socket.socket | None = None
        self._rest = b""

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_) -> None:
        self.close()

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _connected(self) -> socket.socket:
        if self._socket is None:
            self._socket = socket.create_connection(("127.0.0.1", self.port), timeout=self.timeout)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._rest = b""
        return self._socket

    def chat(self, body: dict) -> Reply:
        """Send one streaming chat completion and read it to its end. Raises LabError on anything but a whole 200."""
        data = json.dumps(body).encode()
        head = (
            f"POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(data)}\r\n\r\n"
        ).encode()
        connection = self._connected()
        try:
            reply = Reply(sent_ns=time.monotonic_ns(), request_bytes=len(head) + len(data))
            connection.sendall(head + data)
            self._read(connection, reply)
        except (TimeoutError, OSError) as error:
            self.close()
            raise LabError(
                f"port {self.port}: {type(error).__name__} in mid answer; see the server's log for why it stopped"
            ) from error
        return reply

    def _read(self, connection, reply: Reply) -> None:
        headers = self._until(connection, reply, b"\r\n\r\n")
        reply.head_ns = time.monotonic_ns()
        status = headers.split(b"\r\n", 1)[0]
        if b" 200 " not in status + b" ":
            text = self._rest[:300].decode("utf-8", "replace")
            self.close()
            raise LabError(f"port {self.port}: {status.decode()} {' '.join(text.split())}")
        if b"chunked" not in headers.lower():
            raise LabError(f"port {self.port}: the answer is not streamed; the request must ask for stream=true")
        line = b""
        while True:
            size = int(self._until(connection, reply, b"\r\n").split(b";")[0], 16)
            piece = self._exactly(connection, reply, size + 2)[:-2]
            if size == 0:
                break
            now = time.monotonic_ns()
            line += piece
            while b"\n" in line:
                event, line = line.split(b"\n", 1)
                self._event(event.strip(), now, reply)
                if self._on_event:
                    self._on_event(reply)
        if not reply.chunks:
            raise LabError(f"port {self.port}: an answer without one event; see the server's log")

    @staticmethod
    def _event(event: bytes, now: int, reply: Reply) -> None:
        if not event.startswith(b"data: {"):
            return
        data = json.loads(event[6:])
        if "error" in data:
            raise LabError(f"the server answered with an error event: {data['error']}")
        if data.get("usage"):
            reply.usage = data["usage"]
        for choice in data.get("choices", ()):
            reply.chunks.append((now, (choice.get("delta") or {}).get("content")))

    def _more(self, connection, reply: Reply) -> None:
        data = connection.recv(1 << 16)
        if not data:
            raise OSError("connection closed")
        reply.response_bytes += len(data)
        self._rest += data

    def _until(self, connection, reply: Reply, mark: bytes) -> bytes:
        while mark not in self._rest:
            self._more(connection, reply)
        found, self._rest = self._rest.split(mark, 1)
        return found

    def _exactly(self, connection, reply: Reply, count: int) -> bytes:
        while len(self._rest) < count:
            self._more(connection, reply)
        found, self._rest = self._rest[:count], self._rest[count:]
        return found


def _loop(port: int, bodies: list, start_ns: int, results) -> None:
    """One closed loop in a process of its own: the next request is sent when the last one has ended."""
    done = []
    try:
        with Client(port) as client:
            time.sleep(max(0.0, (start_ns - time.monotonic_ns()) / 1e9))
            for body in bodies:
                reply = client.chat(body)
                times = [t for t, _ in reply.chunks]
                done.append((reply.sent_ns, times[0], times[-1], reply.usage.get("completion_tokens", 0)))
        results.put(done)
    except Exception as error:  # whatever it was: the parent waits for one answer a loop
        results.put(str(error) if isinstance(error, LabError) else f"port {port}: {type(error).__name__}: {error}")


def closed_loops(port: int, loops: list[list[dict]], timeout: float = 300.0, on_start=lambda: None) -> list[tuple]:
    """Drive `len(loops)` concurrent closed loops, each through its list of request bodies.

    Each loop is a process: one Python client cannot read a hundred streams without becoming what is measured.
    `on_start` is called when the clients begin to send, which is when a server's use of a processor is to be read.
    Returns (sent_ns, first_ns, last_ns, output tokens) of every request. Raises LabError if any failed.
    """
    fork = multiprocessing.get_context("fork")
    results = fork.Queue()
    start = time.monotonic_ns() + int(0.3e9 + 5e6 * len(loops))
    workers = [fork.Process(target=_loop, args=(port, bodies, start, results), daemon=True) for bodies in loops]
    for worker in workers:
        worker.start()
    time.sleep(max(0.0, (start - time.monotonic_ns()) / 1e9))
    on_start()
    replies: list[tuple] = []
    deadline = time.monotonic() + timeout
    try:
        for _ in workers:
            try:
                found = results.get(timeout=max(0.1, deadline - time.monotonic()))
            except queue.Empty:
                raise LabError(f"port {port}: a load of {len(loops)} clients took over {timeout:g} s") from None
            if isinstance(found, str):
                raise LabError(found)
            replies += found
    finally:
        for worker in workers:
            worker.kill()
        for worker in workers:
            worker.join()
    return replies


def shuffled(rng: random.Random, items) -> list:
    """A new list of `items` in the order that `rng` gives."""
    items = list(items)
    rng.shuffle(items)
    return items
