"""A package index on 127.0.0.1 for tests, and the fixtures that see to it that nobody else is asked."""

import http.server
import os
import socket
import threading
import urllib.parse

import pytest


class Index:
    """A package index on 127.0.0.1. `files` maps a file name to the list of bodies it answers with, in turn
    (the last one stays); `hashes` to the sha256 it publishes; `requests` is what was asked for, `refusals` the statuses
    of the first answers for a file, `headers` what comes with each file, `project` whose files they are."""

    def __init__(self):
        self.files, self.hashes, self.requests, self.cut, self.status = {}, {}, [], set(), 200
        self.refusals, self.headers, self.project = [], {}, "toy"
        index = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                index.requests.append(self.path)
                path = urllib.parse.urlsplit(self.path).path  # a proxy is asked for a whole address
                name = path.rsplit("/", 1)[-1]
                if index.status != 200:
                    self.send_error(index.status)
                elif path == f"/simple/{index.project}/":
                    links = [
                        f'<a href="/files/{each}#sha256={index.hashes.get(each, "")}">{each}</a>'
                        for each in index.files
                    ]
                    self.answer("\n".join(links).encode(), "text/html")
                elif name in index.files and index.refusals:
                    self.refuse(index.refusals.pop(0))
                elif name in index.files:
                    bodies = index.files[name]
                    body = bodies.pop(0) if len(bodies) > 1 else bodies[0]
                    self.answer(body, "application/octet-stream", cut=name in index.cut)
                else:
                    self.send_error(404)

            def do_CONNECT(self):  # what a proxy is asked for
                index.requests.append(self.path)
                self.send_error(502)

            def refuse(self, status):
                self.send_response(status)
                for each in index.headers.items():
                    self.send_header(*each)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def answer(self, body, kind, cut=False):
                self.send_response(200)
                self.send_header("Content-Type", kind)
                if kind != "text/html":
                    for each in index.headers.items():
                        self.send_header(*each)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body[: len(body) // 2] if cut else body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/simple"
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    @property
    def downloads(self):
        return [path for path in self.requests if path.startswith("/files/")]

    def close(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def index():
    started = Index()
    yield started
    started.close()


@pytest.fixture
def second():
    """Another index, which pip asks after the first."""
    started = Index()
    yield started
    started.close()


@pytest.fixture(autouse=True)
def only_the_local_index(monkeypatch, tmp_path):
    """No settings of this machine, no proxy, no cache, and a failure for any other host."""
    for name in [name for name in os.environ if name.startswith("PIP_") or name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_CACHE_DIR", str(tmp_path / "pip-cache"))
    monkeypatch.setenv("HOME", str(tmp_path))
    real = socket.getaddrinfo

    def refuse(host, *rest, **options):
        assert host in ("127.0.0.1", b"127.0.0.1"), f"asked for {host}"
        return real(host, *rest, **options)

    monkeypatch.setattr(socket, "getaddrinfo", refuse)


@pytest.fixture
def configured(index, monkeypatch):
    """pip is told of the index the way a user would."""
    monkeypatch.setenv("PIP_INDEX_URL", index.url)
    return index
