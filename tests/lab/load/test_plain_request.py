"""A plain request to a server that answers, refuses, or stops in mid answer."""

import http.server
import json
import threading
import types

import pytest

from experiments.lab.errors import LabError
from experiments.lab.load.plain_request import post


class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        status, text = body["answer"]
        self.send_response(status)
        self.send_header("Content-Length", str(len(text) + body.get("short", 0)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_):
        pass


@pytest.fixture
def server():
    listening = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=listening.serve_forever, daemon=True).start()
    spec = types.SimpleNamespace(name="vllm-x")
    yield types.SimpleNamespace(spec=spec, port=listening.server_address[1], log="the log")
    listening.shutdown()
    listening.server_close()


def test_json_goes_in_and_comes_out(server):
    assert post(server, "/any", {"answer": [200, '{"text": 1}']}, "a question") == {"text": 1}


@pytest.mark.parametrize(("body", "line"), [
    ({"answer": [400, "too\n long"]}, r"vllm-x: a question: 400 too long$"),
    ({"answer": [200, "no json"]}, r"vllm-x: JSONDecodeError in mid answer \(log: the log\)$"),
    ({"answer": [200, "{}"], "short": 9}, r"vllm-x: IncompleteRead in mid answer \(log: the log\)$"),
])
def test_what_is_no_answer_is_one_line(server, body, line):
    with pytest.raises(LabError, match=line):
        post(server, "/any", body, "a question", limit_s=5)
