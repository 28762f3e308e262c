"""Every message that a process of the engine sends or receives while a request is served.

ZeroMQ: `zmq.Socket.send` and `recv` are the one place that both the synchronous and the asyncio sockets go
through (the latter by a synchronous shadow socket), frame by frame. A message's type is that of the object
which the engine's own encoder was given just before in the same thread, when the encoded buffer is among the
frames. vLLM's shared-memory queue: bytes as laid out in the ring. Both ends are recorded; the recording pairs them.
"""

import contextlib
import sys
import threading
import time
from collections.abc import Iterator
from types import FrameType
from typing import Any

from ..import_hooks import Watcher
from .code_names import qualified
from .observer import Observer

# Frames between the function that decides to send and the socket: named by file, not worth naming as sender.
TRANSPORT = (
    "vllm/distributed/device_communicators/shm_broadcast.py",
    "python/sglang/srt/managers/io_struct.py",
)
STACK = 4  # engine frames kept for a message


class Wire:
    def __init__(self, tracer: Observer):
        self.tracer = tracer
        self.messages: list[dict] = []
        self.local = threading.local()  # encoded: (buffer, type) of this thread; parts: frames of unfinished messages

    def prepare(self, watcher: Watcher) -> None:
        watcher.when_run("zmq.sugar.socket", self._tap_zmq)
        watcher.when_run("vllm.v1.serial_utils", self._tap_vllm_encoder)
        watcher.when_run("vllm.distributed.device_communicators.shm_broadcast", self._tap_vllm_queue)
        watcher.when_run("sglang.srt.managers.io_struct", self._tap_sglang_encoder)

    # --- ZeroMQ

    def _tap_zmq(self, module: Any) -> None:
        cls = module.Socket
        send, recv, send_pyobj = cls.send, cls.recv, cls.send_pyobj

        def tapped_send(socket: Any, data: Any, flags: int = 0, *args: Any, **kwargs: Any) -> Any:
            if self.tracer.phase != "request":
                return send(socket, data, flags, *args, **kwargs)
            now = time.monotonic_ns()
            result = send(socket, data, flags, *args, **kwargs)
            self._part("send", socket, data, bool(int(flags) & 2), now)  # 2: SNDMORE
            return result

        def tapped_recv(socket: Any, flags: int = 0, *args: Any, **kwargs: Any) -> Any:
            data = recv(socket, flags, *args, **kwargs)
            if self.tracer.phase == "request":
                self._part("recv", socket, data, bool(socket.getsockopt(13)), time.monotonic_ns())  # 13: RCVMORE
            return data

        def tapped_send_pyobj(socket: Any, obj: object, *args: Any, **kwargs: Any) -> Any:
            if self.tracer.phase == "request":
                self.local.pyobj = describe(obj)
            return send_pyobj(socket, obj, *args, **kwargs)

        for name, function in (("send", tapped_send), ("recv", tapped_recv), ("send_pyobj", tapped_send_pyobj)):
            function.__name__, function.__doc__ = name, getattr(cls, name).__doc__
            setattr(cls, name, function)

    def _part(self, way: str, socket: Any, data: Any, more: bool, now: int) -> None:
        """Collect one frame; at the last one of a message, record the message."""
        try:
            if not hasattr(self.local, "parts"):
                self.local.parts = {}
            key = (way, id(socket))
            parts = self.local.parts.setdefault(key, [now])
            parts.append(data)
            if more:
                return
            del self.local.parts[key]
            frames = parts[1:]
            endpoint = socket.getsockopt(32)  # LAST_ENDPOINT
            self._message(
                way, now if way == "recv" else parts[0], "zmq",
                endpoint.rstrip(b"\0").decode("utf-8", "replace"),
                sum(_size(frame) for frame in frames), len(frames), *self._type(frames, way),
            )
        except Exception as error:
            self.tracer.agent.note_failure("wire", repr(error))

    def _type(self, frames: list, way: str) -> tuple[str | None, str | None]:
        """(type, tag): the encoded object's class and vLLM's request type, as far as they are known."""
        tag = None
        enum = getattr(sys.modules.get("vllm.v1.engine"), "EngineCoreRequestType", None)
        if enum is not None and len(frames) > 1:
            for frame in frames[:2]:
                if _size(frame) == 1:
                    with contextlib.suppress(ValueError):
                        tag = enum(bytes(memoryview(frame))).name
        if way == "recv":
            return None, tag
        kind, self.local.pyobj = getattr(self.local, "pyobj", None), None
        buffer, encoded = getattr(self.local, "encoded", (None, None))
        if kind is None and any(frame is buffer for frame in frames):
            kind, self.local.encoded = encoded, (None, None)
        if kind is None and sum(_size(frame) for frame in frames) <= 1:
            kind = "signal"  # wakes a sleeping reader, says nothing else
        return kind, tag

    # --- the engines' own encoders

    def _note(self, buffer: object, obj: object) -> None:
        if self.tracer.phase == "request":
            self.local.encoded = (buffer, describe(obj))

    def _tap_vllm_encoder(self, module: Any) -> None:
        cls = module.MsgpackEncoder
        encode, encode_into = cls.encode, cls.encode_into

        def tapped_encode(encoder: Any, obj: object) -> Any:
            buffers = encode(encoder, obj)
            self._note(buffers[0], obj)
            return buffers

        def tapped_encode_into(encoder: Any, obj: object, buf: Any) -> Any:
            buffers = encode_into(encoder, obj, buf)
            self._note(buffers[0], obj)
            return buffers

        cls.encode, cls.encode_into = tapped_encode, tapped_encode_into

    def _tap_sglang_encoder(self, module: Any) -> None:
        encode = module.msgpack_encode

        def tapped_encode(obj: object) -> Any:
            data = encode(obj)
            self._note(data, obj)
            return data

        module.msgpack_encode = tapped_encode

    # --- vLLM's shared-memory queue

    def _tap_vllm_queue(self, module: Any) -> None:
        cls = module.MessageQueue
        enqueue, acquire_write, acquire_read = cls.enqueue, cls.acquire_write, cls.acquire_read
        local, wire = self.local, self

        def tapped_enqueue(queue: Any, obj: object, *args: Any, **kwargs: Any) -> Any:
            if wire.tracer.phase == "request":
                local.queued = describe_queued(obj)
            return enqueue(queue, obj, *args, **kwargs)

        @contextlib.contextmanager
        def tapped_write(queue: Any, *args: Any, **kwargs: Any) -> Iterator[Any]:
            with acquire_write(queue, *args, **kwargs) as buffer:
                yield buffer
                if wire.tracer.phase == "request":
                    wire._ring("send", queue, buffer, getattr(local, "queued", None))

        @contextlib.contextmanager
        def tapped_read(queue: Any, *args: Any, **kwargs: Any) -> Iterator[Any]:
            with acquire_read(queue, *args, **kwargs) as buffer:
                if wire.tracer.phase == "request":
                    wire._ring("recv", queue, buffer, None)
                yield buffer

        cls.enqueue, cls.acquire_write, cls.acquire_read = tapped_enqueue, tapped_write, tapped_read

    def _ring(self, way: str, queue: Any, buffer: memoryview, kind: str | None) -> None:
        try:
            now = time.monotonic_ns()
            count, size = ring_message(buffer)
            if count:  # otherwise too large for the ring: it goes over the queue's ZeroMQ socket, and is seen there
                self._message(way, now, "shm", str(queue.handle.local_subscribe_addr), size, count, kind, None)
        except Exception as error:
            self.tracer.agent.note_failure("wire", repr(error))

    def _message(
        self, way: str, now: int, transport: str, endpoint: str, size: int, frames: int, kind: str | None,
        tag: str | None,
    ) -> None:
        if way == "recv" and size > 1 and not endpoint.startswith("inproc:"):
            self.tracer.received()
        self.messages.append(
            {
                "wire": way, "t_ns": now, "pid": self.tracer.agent.pid, "transport": transport, "endpoint": endpoint,
                "bytes": size, "frames": frames, "type": kind, "tag": tag, "stack": self._stack(),
                "arming": self.tracer.generation,
            }
        )

    def _stack(self) -> list:
        """The nearest engine functions that led here, innermost first, without the transport's own."""
        callers: list[str] = []
        frame: FrameType | None = sys._getframe(2)
        while frame is not None and len(callers) < STACK:
            path = self.tracer.files(frame.f_code.co_filename)
            name = qualified(frame.f_code) if path else None
            if name and path not in TRANSPORT:
                callers.append(f"{path}::{name}")
            frame = frame.f_back
        return callers


def ring_message(buffer: memoryview) -> tuple[int, int]:
    """(frames, bytes) of one message in vLLM's ring: flag, 2-byte count, then 4-byte length and content each.

    (0, 0) when the first byte says that the message did not fit.
    """
    if buffer[0]:
        return 0, 0
    count, offset = int.from_bytes(buffer[1:3], "big"), 3
    for _ in range(count):
        offset += 4 + int.from_bytes(buffer[offset : offset + 4], "big")
    return count, offset


def describe_queued(obj: object) -> str:
    """What vLLM's queue carries: `method(arguments)` to a worker, the class of the answer back."""
    if isinstance(obj, tuple) and len(obj) == 4 and isinstance(obj[1], (tuple, list)):  # method, args, kwargs, rank
        method = obj[0] if isinstance(obj[0], str) else "function"
        return f"{method}({', '.join(describe(item, 0) for item in obj[1])})"
    if isinstance(obj, tuple) and len(obj) == 2:  # status, answer
        return describe(obj[1], 0)
    return describe(obj)


def describe(obj: Any, depth: int = 1) -> str:
    """The class name; of a tuple or list, those of its members, with short strings as themselves."""
    if isinstance(obj, (tuple, list)) and type(obj).__name__ in ("tuple", "list") and depth:
        inner = ", ".join(describe(item, depth - 1) for item in obj[:6])
        return f"({inner}{', ...' if len(obj) > 6 else ''})"
    if isinstance(obj, str) and obj.isidentifier() and len(obj) <= 40:
        return obj
    if hasattr(type(obj), "__members__"):  # an enum: its member says more than its class
        return str(obj.name)
    return "None" if obj is None else type(obj).__name__


def _size(frame: Any) -> int:
    try:
        return memoryview(frame).nbytes
    except TypeError:
        return len(frame)
