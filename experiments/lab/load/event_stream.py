"""Server-sent events, taken apart as the HTML standard says, however the bytes were cut. Standard library only."""

import re

_LINE_END = re.compile(rb"\r\n|\r|\n")
_MARK = b"\xef\xbb\xbf"  # of UTF-8; one at the start of a stream is no part of its first line


class EventStream:
    """Give it the pieces; it gives back the events that they complete, each as (kind, data): an event's kind is empty
    where none is said, and several lines of data are one text with line ends between. Events without data are none."""

    def __init__(self) -> None:
        self._line = b""
        self._kind = b""
        self._data: list[bytes] = []
        self._first = True
        self._half_end = False  # the last byte was a CR: an LF that follows ends no other line

    def feed(self, piece: bytes) -> list[tuple[bytes, bytes]]:
        if not piece:
            return []
        if self._half_end and piece.startswith(b"\n"):
            piece = piece[1:]
        self._half_end = piece.endswith(b"\r")
        *lines, self._line = _LINE_END.split(self._line + piece)
        return [event for line in lines if (event := self._take(line))]

    def end(self) -> list[tuple[bytes, bytes]]:
        """The event that had all but its last line ends when the stream was over."""
        self._half_end = False
        return self.feed(b"\n\n")

    def _take(self, line: bytes) -> tuple[bytes, bytes] | None:
        if self._first:
            line, self._first = line.removeprefix(_MARK), False
        if line:
            name, _, value = line.partition(b":")
            value = value.removeprefix(b" ")
            if name == b"data":
                self._data.append(value)
            elif name == b"event":
                self._kind = value
            return None
        event = (self._kind, b"\n".join(self._data)) if self._data else None
        self._kind, self._data = b"", []
        return event
