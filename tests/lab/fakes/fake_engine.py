"""A small engine of three processes, named `sglang`, that speaks ZeroMQ the way the real one does.

Tokenizer manager (asyncio, main process), scheduler (spawned, busy loop with non-blocking receives) and
detokenizer (spawned, blocking receive). One line on stdin is one request; one line on stdout its answer.
"""

import os
import signal
import subprocess
import sys
import textwrap

FILES = {
    "sglang/__init__.py": "",
    "sglang/srt/__init__.py": "",
    "sglang/srt/managers/__init__.py": "",
    "sglang/srt/managers/io_struct.py": """
        import pickle

        class TokenizedGenerateReqInput:
            def __init__(self, text): self.text = text

        class BatchTokenIDOutput:
            def __init__(self, ids): self.ids = ids

        class BatchStrOutput:
            def __init__(self, text): self.text = text

        def msgpack_encode(obj): return pickle.dumps(obj)
        def msgpack_decode(data): return pickle.loads(data)

        def sock_send(socket, obj, flags=0): socket.send(msgpack_encode(obj), flags=flags)
        def sock_recv(socket, flags=0): return msgpack_decode(socket.recv(flags=flags))
        async def async_sock_recv(socket): return msgpack_decode(await socket.recv())
        """,
    "sglang/srt/managers/scheduler.py": """
        import functools, queue, threading, time, zmq
        from .io_struct import BatchTokenIDOutput, sock_recv, sock_send

        def nothing(function):
            @functools.wraps(function)
            def wrapper(*args, **kwargs):
                return function(*args, **kwargs)
            return wrapper

        class Scheduler:
            def __init__(self, inp, out):
                context = zmq.Context()
                self.recv = context.socket(zmq.PULL); self.recv.connect(inp)
                self.out = context.socket(zmq.PUSH); self.out.connect(out)
                self.queue, self.done = queue.Queue(), queue.Queue()
                threading.Thread(target=self.forward_thread, name="forward", daemon=True).start()

            def event_loop(self):
                while True:
                    each_turn()
                    try:
                        req = sock_recv(self.recv, zmq.NOBLOCK)
                    except zmq.Again:
                        idle_turn()
                        continue
                    shared("loop")
                    self.process(req)

            @nothing
            def process(self, req):
                if req.text == "warm":
                    only_in_warm_up()
                self.queue.put(req.text)
                sock_send(self.out, BatchTokenIDOutput(self.done.get()))

            def forward_thread(self):
                while True:
                    text = self.queue.get()
                    shared("forward")
                    self.done.put(forward(text))

        def shared(who): return who

        def only_in_warm_up(): pass

        def each_turn(): pass

        def idle_turn(): time.sleep(0.0005)

        def forward(text):
            def inner(c): return ord(c)
            return [inner(c) for c in text]

        def run_scheduler_process(inp, out):
            Scheduler(inp, out).event_loop()
        """,
    "sglang/srt/managers/detokenizer_manager.py": """
        import zmq
        from .io_struct import BatchStrOutput, sock_recv, sock_send

        class DetokenizerManager:
            def __init__(self, inp, out):
                context = zmq.Context()
                self.recv = context.socket(zmq.PULL); self.recv.bind(inp)
                self.out = context.socket(zmq.PUSH); self.out.connect(out)

            def event_loop(self):
                while True:
                    obj = sock_recv(self.recv)
                    sock_send(self.out, self.handle(obj))

            def handle(self, obj): return BatchStrOutput("".join(chr(i) for i in obj.ids))

        def run_detokenizer_process(inp, out):
            DetokenizerManager(inp, out).event_loop()
        """,
    "sglang/srt/managers/tokenizer_manager.py": """
        import asyncio, zmq, zmq.asyncio
        from .io_struct import TokenizedGenerateReqInput, async_sock_recv, sock_send

        class TokenizerManager:
            def __init__(self, inp, out):
                context = zmq.asyncio.Context()
                self.to = context.socket(zmq.PUSH); self.to.bind(out)
                self.back = context.socket(zmq.PULL); self.back.bind(inp)
                self.answers = asyncio.Queue()

            async def handle_loop(self):
                while True:
                    await self.answers.put(await async_sock_recv(self.back))

            async def generate_request(self, text):
                await self._send_one_request(text)
                yield (await self.answers.get()).text

            async def _send_one_request(self, text):
                sock_send(self.to, TokenizedGenerateReqInput(text))
        """,
    "sglang/srt/entrypoints/__init__.py": "",
    "sglang/srt/entrypoints/http_server.py": """
        import asyncio, sys
        from sglang.srt.managers.tokenizer_manager import TokenizerManager

        async def chat(manager, line):
            async for text in manager.generate_request(line):
                print(text, flush=True)

        async def serve(inp, out):
            manager = TokenizerManager(inp, out)
            loop = asyncio.ensure_future(manager.handle_loop())
            while line := (await asyncio.to_thread(sys.stdin.readline)).strip():
                await chat(manager, line)
        """,
    "sglang/launch_server.py": """
        import asyncio, multiprocessing as mp, sys

        if __name__ == "__main__":
            from sglang.srt.entrypoints.http_server import serve
            from sglang.srt.managers.detokenizer_manager import run_detokenizer_process
            from sglang.srt.managers.scheduler import run_scheduler_process
            folder = sys.argv[1]
            a, b, c = (f"ipc://{folder}/{name}" for name in ("to-scheduler", "to-detokenizer", "back"))
            mp.set_start_method(sys.argv[2])
            children = [mp.Process(target=run_scheduler_process, args=(a, b), daemon=True),
                        mp.Process(target=run_detokenizer_process, args=(b, c), daemon=True)]
            for child in children:
                child.start()
            asyncio.run(serve(c, a))
        """,
}


def write(folder):
    for name, text in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text).lstrip("\n"))
    return folder


class Engine:
    """The engine as a process; `ask(text)` returns its answer. Kills everything at the end, like SGLang."""

    def __init__(self, folder, environment, method="spawn", python=sys.executable):
        write(folder / "packages")
        path = f"{environment['PYTHONPATH']}:{folder / 'packages'}"  # the injection stays first
        self.process = subprocess.Popen(
            [python, "-m", "sglang.launch_server", str(folder), method],
            env={**environment, "PYTHONPATH": path},
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
        )

    def ask(self, text: str) -> str:
        self.process.stdin.write(text + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.killpg(self.process.pid, signal.SIGKILL)
        self.errors = self.process.communicate()[1]
