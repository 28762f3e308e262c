"""A server whose answers are scripts: bytes that are sent at once, seconds to wait, or `CLOSE`."""

import contextlib
import json
import socket
import struct
import threading
import time
from collections.abc import Iterator

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
END = b"0\r\n\r\n"
DONE = b"data: [DONE]\n\n"
CLOSE, RESET = "close", "reset"


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


def event(text: str | None = None, **choice: object) -> bytes:
    """One of a chat completion."""
    delta = {} if text is None else {"content": text}
    said = {"choices": [{"index": 0, "delta": delta, **choice}]}
    return b"data: " + json.dumps(said, ensure_ascii=False).encode() + b"\n\n"


def usage(tokens: int) -> bytes:
    return b'data: {"choices": [], "usage": {"prompt_tokens": 5, "completion_tokens": %d}}\n\n' % tokens


def whole(*words: str) -> bytes:
    """A stream as both engines send it: the role, a token an event, the end, the usage, [DONE]."""
    middle = b"".join(map(event, words))
    return event("") + middle + event(finish_reason="length") + usage(len(words)) + DONE


def answer(stream: bytes) -> bytes:
    return HEAD + chunk(stream) + END


@contextlib.contextmanager
def serving(*scripts: list) -> Iterator[int]:
    """The port of one that answers its first request by the first script, and those after the last by the last."""
    count = 0

    def converse(connection: socket.socket) -> None:
        nonlocal count
        with contextlib.suppress(OSError), connection:
            rest = b""
            while True:
                while b"\r\n\r\n" not in rest:
                    rest += (data := connection.recv(65536))
                    if not data:
                        return
                head, rest = rest.split(b"\r\n\r\n", 1)
                size = int(head.split(b"Content-Length: ")[1].split(b"\r\n")[0])
                while len(rest) < size:
                    rest += connection.recv(65536)
                rest = rest[size:]
                steps = scripts[min(count, len(scripts) - 1)]
                count += 1
                for step in steps:
                    if step == RESET:
                        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    if step in (RESET, CLOSE):
                        return
                    if isinstance(step, bytes):
                        connection.sendall(step)
                    else:
                        time.sleep(step)

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                threading.Thread(target=converse, args=(connection,), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=accept, daemon=True).start()
        yield listener.getsockname()[1]
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
