"""The client takes a whole answer however it comes, refuses every other in one line, and is then as good as new."""

import os
import signal
import threading
import time

import pytest

from experiments.lab.errors import LabError
from experiments.lab.load.streaming_client import Client, closed_loops
from tests.lab.fakes.own_processes import started_from_here_on
from tests.lab.fakes.scripted_server import CLOSE, DONE, END, HEAD, RESET, answer, chunk, event, serving, usage, whole

ASKED = {"stream": True, "max_tokens": 2, "ignore_eos": True, "stream_options": {"include_usage": True}}
WHOLE = whole("Grün", " 😀")
CUT = event("") + event("a")


def say(port, body=None, times=1):
    with Client(port, timeout=3) as client:
        replies = [client.chat(ASKED if body is None else body) for _ in range(times)]
    return "".join(text or "" for _, text in replies[-1].chunks), replies[-1].usage.get("completion_tokens")


def cut(data, size):
    return [data[at : at + size] for at in range(0, len(data), size)]


@pytest.mark.parametrize("script", [
    [answer(WHOLE)],
    cut(answer(WHOLE), 7),
    [HEAD + b"".join(map(chunk, cut(WHOLE, 5))) + END],
    [HEAD + b"00%X;a=b\r\n%s\r\n000\r\n\r\n" % (len(WHOLE), WHOLE)],
    [answer(WHOLE.replace(b"\n", b"\r\n"))],
    [answer(WHOLE.replace(b"\n", b"\r"))],
    [answer(WHOLE.replace(b"data: ", b"data:"))],
    [answer(WHOLE.replace(b"data: ", b"data:  "))],
    [answer(b"\xef\xbb\xbf" + WHOLE)],
    [answer(WHOLE.replace(b", \"delta\"", b",\ndata: \"delta\""))],
    [answer(b": ping\n\nretry: 1\n\n" + WHOLE.replace(b"data: {", b"id: 1\nevent: message\ndata: {") + b": bye\n\n")],
    [answer(b'data: {"choices": null, "usage": null}\n\n' + WHOLE)],
    [answer(b'data: {"choices": [], "error": null}\n\n' + WHOLE)],
    [answer(WHOLE.removesuffix(b"\n\n"))],
    [b"HTTP/1.1 100 Continue\r\n\r\n" + answer(WHOLE)],
    [HEAD.replace(b"Transfer-Encoding: chunked", b"transfer-encoding:Chunked") + chunk(WHOLE) + END],
    [HEAD + chunk(WHOLE) + b"0\r\nX-Check: 1\r\nX-More: 2\r\n\r\n"],
    [HEAD.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n") + chunk(WHOLE) + END, CLOSE],
])
def test_a_whole_answer_is_taken_twice_on_one_client(script):
    with serving(script) as port:
        assert say(port, times=2) == ("Grün 😀", 2)


REFUSED = {
    "cut JSON": ([answer(CUT + b'data: {"choices":[{"delta":{"con\n\n' + DONE)], "is cut, or no JSON"),
    "no UTF-8": ([answer(CUT + b'data: {"choices":[{"delta":{"content":"\xff"}}]}\n\n')], "is cut, or no JSON"),
    "a list": ([answer(b"data: []\n\n")], "an event is no object"),
    "a choice that is none": ([answer(b'data: {"choices": [1]}\n\n')], "an event is no chat completion's"),
    "a text that is none": ([answer(event(7))], "an event is no chat completion's"),
    "an error event": ([answer(CUT + b'data: {"error": {"message": "engine is dead"}}\n\n' + DONE)], "engine is dead"),
    "an error of the older form": ([answer(b'data: {"object": "error", "message": "dead"}\n\n')], "error event"),
    "an error by its kind": ([answer(b'event: error\ndata: {"message": "dead"}\n\n')], "error event"),
    "a bad size": ([HEAD + b"zz\r\n"], "b'zz' is no size of a chunk"),
    "a size with a sign": ([HEAD + b"-5\r\n"], "no size of a chunk"),
    "no size": ([HEAD + b"\r\n"], "no size of a chunk"),
    "a chunk that goes on": ([HEAD + b"3\r\nabcdef\r\n"], "goes on after its end"),
    "a line without end": ([b"x" * 100_000], "without the end of a line"),
    "no HTTP": ([b"SSH-2.0-OpenSSH_9\r\n\r\n"], "does not speak HTTP/1.1: 'SSH-2.0-OpenSSH_9'"),
    "a refusal": ([b"HTTP/1.1 400 Bad Request\r\nContent-Length: 3\r\n\r\nbad"], "400 Bad Request bad"),
    "a reason that looks good": ([b"HTTP/1.1 500 200 OK\r\nContent-Length: 0\r\n\r\n"], "500 200 OK"),
    "not streamed": ([b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n{\"a\":1}"], "is not streamed"),
    "no event": ([answer(b": nothing\n\n")], "without one event"),
    "only [DONE]": ([answer(DONE)], "without one event"),
    "closed": ([HEAD + chunk(CUT), CLOSE], "OSError in mid answer"),
    "reset": ([HEAD + chunk(CUT), 0.05, RESET], "in mid answer"),
    "silent": ([HEAD + chunk(CUT), 5], "TimeoutError in mid answer"),
    "a clean end too early": ([answer(CUT)], "ended without a finish_reason and [DONE]"),
    "the role alone": ([answer(event(""))], "was cut after 1 events"),
    "no [DONE]": ([answer(WHOLE.removesuffix(DONE))], "ended without [DONE]"),
    "no finish_reason": ([answer(CUT + event("b") + usage(2) + DONE)], "ended without a finish_reason"),
    "one of two choices without": (
        [answer(event("a", finish_reason="stop") + event("b", index=1) + usage(2) + DONE)], "without a finish_reason"),
    "aborted": ([answer(CUT + event(finish_reason="abort") + usage(2) + DONE)], "ended the answer with 'abort'"),
    "ended by an error": ([answer(CUT + event(finish_reason="error") + DONE)], "ended the answer with 'error'"),
    "fewer than asked for": ([answer(whole("a"))], "1 output tokens, 2 were asked for"),
    "more than asked for": ([answer(whole("a", "b", "c"))], "3 output tokens, 2 were asked for"),
    "not counted": ([answer(WHOLE.replace(usage(2), b""))], "does not say how many tokens it has"),
    "going on after its end": ([answer(WHOLE + event("c"))], "goes on after its [DONE]"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_any_other_is_refused_in_a_line_and_the_next_request_gets_its_own_answer(kind):
    script, words = REFUSED[kind]
    rest = [0.05, chunk(event("LEFT OVER") + DONE) + END] if CLOSE not in script and RESET not in script else []
    with serving([*script, *rest], [answer(whole("the", " next"))]) as port, Client(port, timeout=1) as client:
        with pytest.raises(LabError) as caught:
            client.chat(ASKED)
        assert words in str(caught.value) and str(caught.value).startswith(f"port {port}: ")
        assert "\n" not in str(caught.value)
        assert "".join(text or "" for _, text in client.chat(ASKED).chunks) == "the next"


def test_without_a_number_of_tokens_asked_for_none_is_missed():
    with serving([answer(WHOLE.replace(usage(2), b""))]) as port:
        assert say(port, {"stream": True, "max_tokens": 9}) == ("Grün 😀", None)


def test_where_nobody_listens_that_is_said():
    with serving([]) as port:
        pass
    with pytest.raises(LabError, match="ConnectionRefusedError"):
        say(port)


@pytest.mark.parametrize("script", [[answer(CUT)], [answer(whole("a"))], [answer(WHOLE.replace(usage(2), b""))]])
def test_a_load_of_streams_that_were_cut_or_not_counted_is_no_load(script):
    with serving(script) as port, pytest.raises(LabError):
        closed_loops(port, [[ASKED]] * 2, timeout=10)


def test_a_load_returns_the_tokens_that_were_delivered():
    body = {**ASKED, "max_tokens": 9, "ignore_eos": False}  # whose answer may end before
    with serving([answer(WHOLE)]) as port:
        assert [found[3] for found in closed_loops(port, [[body, body], [body]], timeout=10)] == [2, 2, 2]


def test_an_interrupt_of_the_terminal_is_the_drivers_alone(capfd):
    """Ctrl-C reaches a load's workers too: they say nothing of it, the driver ends them."""
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background process ignores it from the start
    workers = started_from_here_on()
    with serving([HEAD, 20]) as port:

        def interrupt():
            until = time.monotonic() + 8
            while len(workers()) < 2 and time.monotonic() < until:
                time.sleep(0.05)
            time.sleep(0.5)
            for pid in workers():
                os.kill(pid, signal.SIGINT)
            os.kill(os.getpid(), signal.SIGINT)

        threading.Thread(target=interrupt, daemon=True).start()
        with pytest.raises(KeyboardInterrupt):
            closed_loops(port, [[ASKED]] * 2, timeout=20)
        assert not workers()
    assert "Traceback" not in capfd.readouterr().err
