"""Events are the same however their bytes were cut, in every spelling that the standard allows."""

import pytest

from experiments.lab.load.event_stream import EventStream


def events(*pieces):
    stream = EventStream()
    return [data for piece in pieces for _, data in stream.feed(piece)] + [data for _, data in stream.end()]


TEXT = "data: {\"a\": \"Grün 😀\"}\n\ndata: two\ndata: lines\n\n: nothing\n\ndata: [DONE]\n\n"
FOUND = ["{\"a\": \"Grün 😀\"}".encode(), b"two\nlines", b"[DONE]"]


@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
def test_cuts_line_ends_and_a_mark_change_nothing(ends, mark, size):
    data = mark + TEXT.replace("\n", ends).encode()
    assert events(*(data[at : at + size] for at in range(0, len(data), size))) == FOUND


@pytest.mark.parametrize("text, found", [
    (b"data:x\n\n", [b"x"]),
    (b"data:  x\n\n", [b" x"]),  # one blank is the field's, the second the text's
    (b"id: 1\nretry: 10\ndata: x\nother: y\n\n", [b"x"]),
    (b"data\n\n", [b""]),
    (b"\n\n\n", []),
    (b"event: error\n\n", []),
    (b"data: x", [b"x"]),
    (b"data: x\n", [b"x"]),
    (b"data: x\r\n\r", [b"x"]),
    (b"data: a\xe2\x80\xa8b\x0bc\x85d\n\n", [b"a\xe2\x80\xa8b\x0bc\x85d"]),  # ends of lines to Python alone
    (b"data: a\n\n\xef\xbb\xbfdata: b\n\n", [b"a"]),  # a mark in the middle is none
])
def test_fields_are_read_as_the_standard_says(text, found):
    assert events(text) == found


def test_the_kind_of_an_event_is_its_own():
    stream = EventStream()
    assert stream.feed(b"event: error\ndata: x\n\ndata: y\n\n") == [(b"error", b"x"), (b"", b"y")]
