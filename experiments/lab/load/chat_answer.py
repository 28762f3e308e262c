"""One streamed answer to a chat completion, made of its events, and whether it is whole.

Whole is a stream that says how each of its choices ended and that it is over itself, with as many tokens as were asked
for. One that ends cleanly before is cut all the same: what was asked for is not what was delivered.
"""

import json
from dataclasses import dataclass, field

from experiments.lab.errors import LabError

ENDS = ("stop", "length", "tool_calls", "function_call")  # of a choice; "abort" and "error" are none
SEE_LOG = "see the server's log"


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

    def delivered(self) -> int:
        """Output tokens, as the server counted them. LabError where it did not: ask for stream_options.include_usage."""
        tokens = self.usage.get("completion_tokens")
        if not isinstance(tokens, int) or isinstance(tokens, bool):
            raise LabError(f"the answer does not say how many tokens it has (usage: {self.usage}); ask for include_usage")
        return tokens


class Answer:
    """Fills `reply` with events; `body` is what was asked. LabError, without the port, for what is no such answer."""

    def __init__(self, reply: Reply, body: dict):
        self.reply, self.body = reply, body
        self._ends: dict[int, str | None] = {}  # how each choice ended, by its index
        self._over = False

    def take(self, kind: bytes, data: bytes, now: int) -> None:
        """An event that was read at `now`."""
        if data.strip() == b"[DONE]":
            self._over = True
            return
        try:
            event = json.loads(data)
        except ValueError:  # of which what is no UTF-8 is one
            raise LabError(f"an event is cut, or no JSON: {data[:60]!r}; {SEE_LOG}") from None
        if not isinstance(event, dict):
            raise LabError(f"an event is no object: {data[:60]!r}; {SEE_LOG}")
        if kind == b"error" or event.get("error") is not None or event.get("object") == "error":
            raise LabError(f"the server answered with an error event: {event.get('error') or event}")
        if self._over:
            raise LabError(f"the stream goes on after its [DONE]: {data[:60]!r}; {SEE_LOG}")
        try:
            self._read(event, now)
        except (AttributeError, TypeError, ValueError):
            raise LabError(f"an event is no chat completion's: {data[:60]!r}; {SEE_LOG}") from None

    def _read(self, event: dict, now: int) -> None:
        if usage := event.get("usage"):
            self.reply.usage = dict(usage)
        for choice in event.get("choices") or ():
            text = (choice.get("delta") or {}).get("content")
            if not isinstance(text, str | None):
                raise TypeError
            self.reply.chunks.append((now, text))
            index, end = choice.get("index", 0), choice.get("finish_reason")
            self._ends[index] = end or self._ends.get(index)
            if end and end not in ENDS:
                raise LabError(f"the server ended the answer with {end!r} after {len(self.reply.chunks)} events; {SEE_LOG}")

    def close(self) -> None:
        """The stream is over: LabError unless it is whole."""
        if not self.reply.chunks:
            raise LabError(f"an answer without one event; {SEE_LOG}")
        lacking = ["a finish_reason"] * (None in self._ends.values()) + ["[DONE]"] * (not self._over)
        if lacking:
            events = len(self.reply.chunks)
            raise LabError(f"the stream was cut after {events} events: it ended without {' and '.join(lacking)}; {SEE_LOG}")
        self._count()

    def _count(self) -> None:
        """Of what was asked for, what was delivered: with `ignore_eos` all of it, and never more."""
        asked = self.body.get("max_completion_tokens", self.body.get("max_tokens"))
        if "completion_tokens" not in self.reply.usage and not (self.body.get("stream_options") or {}).get("include_usage"):
            return  # nobody asked how many they are
        tokens = self.reply.delivered()
        if asked is None:
            return
        asked *= self.body.get("n", 1)
        if tokens > asked or (self.body.get("ignore_eos") and tokens != asked):
            raise LabError(f"{tokens} output tokens, {asked} were asked for; did the engine stop early? {SEE_LOG}")
