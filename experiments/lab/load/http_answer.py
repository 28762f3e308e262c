"""The bytes of one HTTP/1.1 answer in chunks, read off a socket as they come. Standard library only."""

import re
import socket
from collections.abc import Iterator

HEAD_BYTES, LINE_BYTES, CHUNK_BYTES = 1 << 16, 1 << 12, 1 << 26  # more than an engine ever sends


class Malformed(ValueError):
    """What came is no HTTP, or not what was asked for; the text says what it is."""


class Incoming:
    """What a connection sends, in order. `received` counts its bytes; OSError when it ends or takes too long."""

    def __init__(self, connection: socket.socket):
        self.connection, self.received = connection, 0
        self._rest = b""

    def until(self, mark: bytes, most: int) -> bytes:
        """What comes before `mark`, which is taken too. Malformed when that is over `most` bytes."""
        while mark not in self._rest:
            if len(self._rest) > most:
                raise Malformed(f"{len(self._rest):,} bytes without the end of a line: {self._rest[:40]!r}")
            self._more()
        found, self._rest = self._rest.split(mark, 1)
        return found

    def exactly(self, count: int) -> bytes:
        while len(self._rest) < count:
            self._more()
        found, self._rest = self._rest[:count], self._rest[count:]
        return found

    def here(self) -> bytes:
        """What has come and was not taken yet."""
        return self._rest

    def _more(self) -> None:
        data = self.connection.recv(1 << 16)
        if not data:
            raise OSError("connection closed")
        self.received += len(data)
        self._rest += data


def head(incoming: Incoming) -> tuple[int, dict[str, str], str]:
    """(status, headers by lower-case name, status line). An answer that only announces another is passed over."""
    while True:
        first, *lines = incoming.until(b"\r\n\r\n", HEAD_BYTES).decode("latin-1").split("\r\n")
        found = re.match(r"HTTP/1\.[01] (\d{3})(?: |$)", first)
        if not found:
            raise Malformed(f"what answers there does not speak HTTP/1.1: {first[:80]!r}")
        if not 100 <= int(found[1]) < 200:
            pairs = (line.partition(":") for line in lines)
            return int(found[1]), {name.strip().lower(): value.strip() for name, _, value in pairs}, first


def chunks(incoming: Incoming) -> Iterator[bytes]:
    """The pieces of a body sent in chunks, up to the end of its trailers: what comes then is of the next answer."""
    while size := _size(incoming):
        piece = incoming.exactly(size + 2)
        if not piece.endswith(b"\r\n"):
            raise Malformed(f"a chunk of {size} bytes goes on after its end: {piece[-2:]!r}")
        yield piece[:-2]
    while incoming.until(b"\r\n", LINE_BYTES):
        pass


def _size(incoming: Incoming) -> int:
    line = incoming.until(b"\r\n", LINE_BYTES).split(b";")[0].strip(b" \t")
    if not re.fullmatch(rb"[0-9A-Fa-f]{1,16}", line) or int(line, 16) > CHUNK_BYTES:
        raise Malformed(f"{line[:40]!r} is no size of a chunk")
    return int(line, 16)
