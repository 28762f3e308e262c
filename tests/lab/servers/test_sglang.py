"""What is SGLang's own: it says its settings on request, and gives room by tokens."""

import http.server
import json
import threading
import types

import pytest

from experiments.lab.servers import sglang


class Info(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        data = json.dumps({"page_size": 1, "max_running_requests": None, "model": "m"}).encode()
        self.send_response(200 if self.path == "/server_info" else 404)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_POST(self):
        self.send_response(200 if self.path == "/flush_cache" else 404)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture
def port():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Info)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()


def test_it_says_what_is_set(port):
    server = types.SimpleNamespace(port=port)
    names = ("page_size", "max_running_requests", "enable_chunked_prefill")
    assert sglang.ADAPTER.settings_said(server, names) == {"page_size": 1}


def test_it_forgets_what_it_served_and_one_that_cannot_is_no_fault(port):
    assert sglang.ADAPTER.drop_cache(types.SimpleNamespace(port=port))
    assert not sglang.ADAPTER.drop_cache(types.SimpleNamespace(port=1))


def test_room_is_given_in_tokens_and_its_counters_are_on():
    flags = sglang.ADAPTER.room(40000, 1, "0.1", "0.9")
    assert flags[flags.index("--max-total-tokens") + 1] == "40000" and "--enable-metrics" in flags
    assert flags[flags.index("--mem-fraction-static") + 1] == "0.9"


def test_it_has_no_hits_before_the_first():
    assert sglang.ADAPTER.hit_tokens({"sglang:num_used_tokens": 3.0}) == 0.0
    assert sglang.ADAPTER.hit_tokens({'sglang:cached_tokens_total{a="b"}': 3.0}) == 3.0
    assert sglang.ADAPTER.kv_used({'sglang:num_used_tokens{a="b"}': 77.0}) == 77.0
