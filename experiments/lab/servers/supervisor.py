"""Stands between the driver and one server so that the server and all its children end whenever the driver does.

    python supervisor.py FD GRACE_S COMMAND...

FD is the read end of a pipe whose write end only the driver holds: it closes when the driver asks for an end, and
when the driver dies of anything, SIGKILL included. It adopts its orphaned descendants (a subreaper), so that
an engine process whose parent was killed is still found. Runs as a plain script: standard library only.
"""

import ctypes
import os
import select
import signal
import subprocess
import sys
import time

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36


def descendants(root: int) -> list[int]:
    """Pids of all live processes below `root`, children before grandchildren; zombies left out."""
    children: dict[int, list[int]] = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat") as file:
                    fields = file.read().rpartition(")")[2].split()
            except OSError:
                continue
            if fields[0] not in "ZX":
                children.setdefault(int(fields[1]), []).append(int(name))
    below = list(children.get(root, []))
    for pid in below:  # grows while it is walked
        below.extend(children.get(pid, []))
    return below


def process_state(pid: int) -> str:
    """The kernel's letter for it: R, S, D, T (stopped), Z (zombie); X for one that is gone."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0]
    except OSError:
        return "X"


def reap() -> None:
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


def send(pids: list, sign: int) -> None:
    for pid in pids:
        try:
            os.kill(pid, sign)
        except ProcessLookupError:
            pass


def wait_gone(seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while descendants(os.getpid()):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
        reap()
    return True


def end_all(main: int, grace: float) -> None:
    """Asks the main process first, because engines end their own children in order; then everyone; then kills."""
    send([main], signal.SIGTERM)
    send(descendants(os.getpid()), signal.SIGCONT)  # a paused server would not hear of its end
    if wait_gone(grace):
        return
    send(descendants(os.getpid()), signal.SIGTERM)
    if wait_gone(3):
        return
    while pids := descendants(os.getpid()):
        send(pids, signal.SIGKILL)
        wait_gone(1)


def main() -> int:
    pipe, grace, command = int(sys.argv[1]), float(sys.argv[2]), sys.argv[3:]
    for sign in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(sign, signal.SIG_IGN)  # the pipe alone says when to end
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    server = subprocess.Popen(command, start_new_session=True, stdin=subprocess.DEVNULL, preexec_fn=_default_signals)
    print(f"lab: server process {server.pid}", flush=True)
    while server.poll() is None:
        if select.select([pipe], [], [], 0.2)[0]:
            break  # closed
    code = server.poll()
    end_all(server.pid, grace if code is None else 0)
    return code if code is not None and code >= 0 else 0 if code is None else 128 - code


def _default_signals() -> None:
    # Should this process be killed, nobody is left to end the server: then it is asked to end by the kernel.
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    for sign in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(sign, signal.SIG_DFL)


if __name__ == "__main__":
    sys.exit(main())
