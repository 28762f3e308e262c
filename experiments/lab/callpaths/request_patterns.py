"""How a scenario's request is sent to a warmed-up server: alone, again, or among others that decode.

Each of the senders takes (scenario, injection, port), arms once, and returns the client's Reply to the recorded
request.
"""

import json
import random
import threading
import time
from typing import Protocol

from experiments.lab.errors import LabError
from experiments.lab.inject.control import Injection
from experiments.lab.load import chat_prompts
from experiments.lab.load.streaming_client import Client, Reply

MODEL = "smollm2-135m"
# A server still works for a moment after its last byte (metrics, freed blocks); arming waits for that.
SETTLE_S = 1.0
# Warm-ups ask something else, from the first word on: a prompt whose prefix is cached takes another path.
WARM_UP_PROMPTS = ("Count to ten in French.", "List four birds of prey.", "Who wrote about whales?")
REQUEST: dict = {
    "model": MODEL,
    "messages": [{"role": "system", "content": "Name three colours."}, {"role": "user", "content": "Please."}],
    "max_tokens": 8,
    "temperature": 0,
    "stream": True,
}
SEED = 20261124
LONG_TOKENS = 1500
DECODING = 3
DECODED_TOKENS = 3000  # enough to last through the recording; they are cut off afterwards
BEGIN_LIMIT_S = 60


class Scenario(Protocol):
    """What a sender needs of a scenario."""

    @property
    def request(self) -> dict: ...

    @property
    def plan(self) -> dict | None: ...


def warm_up(client: Client) -> None:
    for prompt in WARM_UP_PROMPTS:
        client.chat({**REQUEST, "messages": [{"role": "system", "content": prompt}, *REQUEST["messages"][1:]]})


def send_alone(scenario: Scenario, injection: Injection, port: int) -> Reply:
    """Warm up, then the request as the only one."""
    with Client(port) as client:
        warm_up(client)
        return _recorded(scenario, injection, client)


def send_again(scenario: Scenario, injection: Injection, port: int) -> Reply:
    """Warm up, then the request twice: the second time all of its prompt is cached, and that is recorded.

    LabError when the server says that nothing of it was.
    """
    with Client(port) as client:
        warm_up(client)
        client.chat(scenario.request)
        reply = _recorded(scenario, injection, client)
    if not (reply.usage.get("prompt_tokens_details") or {}).get("cached_tokens"):
        raise LabError(f"port {port}: nothing of the prompt was cached when it was sent again: {reply.usage}")
    return reply


def send_branched(scenario: Scenario, injection: Injection, port: int) -> Reply:
    """Warm up, then a prompt that shares the first half of its words with the request, then the request: half of it is
    cached, the rest is not, and that is recorded. LabError when the server says that nothing or all of it was."""
    sibling = json.loads(json.dumps(scenario.request))
    words = sibling["messages"][0]["content"].split(" ")
    half = len(words) // 2
    sibling["messages"][0]["content"] = " ".join(words[:half] + words[:half - 1:-1])
    with Client(port) as client:
        warm_up(client)
        client.chat(sibling)
        reply = _recorded(scenario, injection, client)
    cached = (reply.usage.get("prompt_tokens_details") or {}).get("cached_tokens") or 0
    if not half // 2 < cached < len(words) * 3 // 4:
        raise LabError(f"port {port}: about half of the prompt was to be cached when it was sent: {reply.usage}")
    return reply


def send_constrained(scenario: Scenario, injection: Injection, port: int) -> Reply:
    """Warm up, a request held to another schema, so that a grammar backend is there, then the request, whose schema is
    in nobody's cache. LabError when the answer is not JSON."""
    other = json.loads(json.dumps(scenario.request))
    other["response_format"]["json_schema"]["schema"] = {"type": "object", "properties": {"other": {"type": "boolean"}},
                                                         "required": ["other"], "additionalProperties": False}
    with Client(port) as client:
        warm_up(client)
        client.chat(other)
        reply = _recorded(scenario, injection, client)
    text = "".join(piece or "" for _, piece in reply.chunks)
    try:
        json.loads(text)
    except ValueError:
        raise LabError(f"port {port}: the answer was held to a schema and is no JSON: {text[:80]!r}") from None
    return reply


def _recorded(scenario: Scenario, injection: Injection, client: Client) -> Reply:
    time.sleep(SETTLE_S)
    injection.plan(scenario.plan)
    injection.arm()
    try:
        reply = client.chat(scenario.request)
        time.sleep(SETTLE_S)
    finally:
        injection.disarm()
    return reply


def send_among_others(scenario: Scenario, injection: Injection, port: int) -> Reply:
    """Warm up, start requests that decode, then send the request among them; they are cut off afterwards.

    LabError when one of the others had ended before the recorded answer did: then it was not among them.
    """
    rng = random.Random(SEED + 1)
    with Client(port) as client:
        warm_up(client)
        client.chat(chat_prompts.chat(MODEL, rng, LONG_TOKENS, 4))  # nothing is set up for the first time while armed
        others = [Decoding(port, chat_prompts.chat(MODEL, rng, 64, DECODED_TOKENS)) for _ in range(DECODING)]
        try:
            for other in others:
                other.wait()
            injection.plan(scenario.plan)
            injection.arm()
            try:
                injection.mark()
                reply = client.chat(scenario.request)
                ended = [other for other in others if not other.decoding()]
            finally:
                injection.disarm()
        finally:
            for other in others:
                other.cut()
    if ended:
        why = next((other.error for other in ended if other.error), f"{DECODED_TOKENS} tokens were too few")
        raise LabError(f"port {port}: {len(ended)} of {DECODING} requests ended before the recorded one: {why}")
    time.sleep(SETTLE_S)
    return reply


class Decoding(threading.Thread):
    """A request that decodes in a thread of its own until it is cut off."""

    def __init__(self, port: int, body: dict):
        super().__init__(daemon=True)
        self.client, self.body = Watched(port), body
        self.error: LabError | None = None
        self.start()

    def run(self) -> None:
        try:
            self.client.chat(self.body)
        except LabError as error:
            self.error = error
        finally:
            self.client.begun.set()
            self.client.close()

    def wait(self) -> None:
        """Until it has its second token. LabError when it fails before."""
        if not self.client.begun.wait(BEGIN_LIMIT_S):
            raise LabError(f"port {self.client.port}: a request had no second token within {BEGIN_LIMIT_S} s")
        if not self.decoding():
            raise LabError(f"{self.error or 'a request that was to decode has ended at once'}")

    def decoding(self) -> bool:
        return self.is_alive()

    def cut(self) -> None:
        self.client.cut()
        self.join(10)


class Watched(Client):
    """A client that says when the answer has begun, and can be cut off from another thread."""

    def __init__(self, port: int):
        super().__init__(port, on_event=self._begin)
        self.begun = threading.Event()

    def _begin(self, reply: Reply) -> None:
        if len(reply.chunks) >= 3:  # the first names the role
            self.begun.set()

    def cut(self) -> None:
        connection = self._socket
        if connection is not None:
            try:
                connection.shutdown(2)  # both ways; its reader gets an end of file
            except OSError:  # has ended by itself
                pass
