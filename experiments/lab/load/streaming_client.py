"""A streaming chat client that stamps every piece it reads, and closed loops of them.

Standard library only, one socket a client, kept alive: no connection set-up lies inside a measured request. All times
are `time.monotonic_ns`, the clock that the engine's probes use too.
"""

import json
import multiprocessing
import queue
import random
import signal
import socket
import time
from collections.abc import Callable

from experiments.lab.errors import LabError
from experiments.lab.load import http_answer
from experiments.lab.load.chat_answer import Answer
from experiments.lab.load.chat_answer import Reply as Reply  # whoever asks gets one
from experiments.lab.load.event_stream import EventStream

TIMEOUT_S = 120.0


class Client:
    """One kept-alive connection to a server on this host. `on_event` is called with what there is of the answer after
    each event of it."""

    def __init__(self, port: int, timeout: float = TIMEOUT_S, on_event: Callable[[Reply], None] | None = None):
        self.port, self.timeout, self._on_event = port, timeout, on_event
        self._socket: socket.socket | None = None
        self._incoming: http_answer.Incoming | None = None

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_) -> None:
        self.close()

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = self._incoming = None

    def _connected(self) -> http_answer.Incoming:
        if self._socket is None or self._incoming is None:
            self._socket = socket.create_connection(("127.0.0.1", self.port), timeout=self.timeout)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._incoming = http_answer.Incoming(self._socket)
        return self._incoming

    def chat(self, body: dict) -> Reply:
        """Send one streaming chat completion and read it to its end. LabError on anything but a whole 200, and then the
        connection is closed: what is left of the answer is not taken for the next one's."""
        data = json.dumps(body).encode()
        head = (
            f"POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(data)}\r\n\r\n"
        ).encode()
        try:
            incoming = self._connected()
            incoming.received = 0
            reply = Reply(sent_ns=time.monotonic_ns(), request_bytes=len(head) + len(data))
            incoming.connection.sendall(head + data)
            self._read(incoming, reply, body)
            return reply
        except BaseException as error:
            self.close()
            if isinstance(error, OSError):
                raise LabError(
                    f"port {self.port}: {type(error).__name__} in mid answer; see the server's log for why it stopped"
                ) from error
            if isinstance(error, (LabError, http_answer.Malformed)):
                raise LabError(f"port {self.port}: {error}") from None
            raise

    def _read(self, incoming: http_answer.Incoming, reply: Reply, body: dict) -> None:
        status, headers, line = http_answer.head(incoming)
        reply.head_ns = time.monotonic_ns()
        if status != 200:
            raise LabError(f"{line} {' '.join(incoming.here()[:300].decode('utf-8', 'replace').split())}")
        if "chunked" not in headers.get("transfer-encoding", "").lower():
            raise LabError("the answer is not streamed; the request must ask for stream=true")
        answer, events, now = Answer(reply, body), EventStream(), 0
        for piece in http_answer.chunks(incoming):
            now = time.monotonic_ns()
            for event in events.feed(piece):
                answer.take(*event, now)
                if self._on_event:
                    self._on_event(reply)
        for event in events.end():
            answer.take(*event, now)
        reply.response_bytes = incoming.received
        answer.close()
        if incoming.here() or "close" in headers.get("connection", "").lower():
            self.close()


def _loop(port: int, bodies: list, start_ns: int, results) -> None:
    """One closed loop in a process of its own: the next request is sent when the last one has ended."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all of a terminal's processes; the parent ends this
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    done = []
    try:
        with Client(port) as client:
            time.sleep(max(0.0, (start_ns - time.monotonic_ns()) / 1e9))
            for body in bodies:
                reply = client.chat(body)
                times = [t for t, _ in reply.chunks]
                done.append((reply.sent_ns, times[0], times[-1], reply.delivered()))
        results.put(done)
    except Exception as error:  # whatever it was: the parent waits for one answer a loop
        results.put(str(error) if isinstance(error, LabError) else f"port {port}: {type(error).__name__}: {error}")


def closed_loops(port: int, loops: list[list[dict]], timeout: float = 300.0, on_start=lambda: None) -> list[tuple]:
    """Drive `len(loops)` concurrent closed loops, each through its list of request bodies.

    Each loop is a process: one Python client cannot read a hundred streams without becoming what is measured.
    `on_start` is called when the clients begin to send, which is when a server's use of a processor is to be read.
    Returns (sent_ns, first_ns, last_ns, output tokens as delivered) of every request. Raises LabError if any failed.
    """
    fork = multiprocessing.get_context("fork")
    results = fork.Queue()
    start = time.monotonic_ns() + int(0.3e9 + 5e6 * len(loops))
    workers = [fork.Process(target=_loop, args=(port, bodies, start, results), daemon=True) for bodies in loops]
    replies: list[tuple] = []
    deadline = time.monotonic() + timeout
    try:
        # Held back until the workers are there, or one of them takes it before it ignores it.
        held = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            for worker in workers:
                worker.start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, held)
        time.sleep(max(0.0, (start - time.monotonic_ns()) / 1e9))
        on_start()
        for _ in workers:
            try:
                found = results.get(timeout=max(0.1, deadline - time.monotonic()))
            except queue.Empty:
                raise LabError(f"port {port}: a load of {len(loops)} clients took over {timeout:g} s") from None
            if isinstance(found, str):
                raise LabError(found)
            replies += found
    finally:
        started = [worker for worker in workers if worker.pid is not None]
        for worker in started:
            worker.kill()
        for worker in started:
            worker.join()
    return replies


def shuffled(rng: random.Random, items) -> list:
    """A new list of `items` in the order that `rng` gives."""
    items = list(items)
    rng.shuffle(items)
    return items
