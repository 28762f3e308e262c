"""Who listens on a port of 127.0.0.1: a server's own processes, or a stranger whose answers would be taken for its.

Linux's tables of sockets say it (/proc/net/tcp, and a process's /proc/PID/fd). Where they cannot be read, or show no
such port, nobody can say, and nothing is refused for it. Standard library only.
"""

import os
import socket
import time
from collections.abc import Collection, Iterable
from pathlib import Path

TABLES = ("/proc/net/tcp", "/proc/net/tcp6")
_LISTENS = "0A"  # the kernel's number of that state
_AGAIN_S = 0.2  # a process that ends, or hands its socket on, between two looks is no stranger
# Addresses, as a process names them, to which a connection to 127.0.0.1 may go.
_REACHED = {"127.0.0.1", "0.0.0.0", "::", "::ffff:127.0.0.1", "::ffff:0.0.0.0"}


def listeners(port: int) -> frozenset[int]:
    """The inodes of the sockets that take connections to that port of 127.0.0.1."""
    found = set()
    for table in TABLES:
        try:
            lines = Path(table).read_text().splitlines()[1:]
        except OSError:
            continue
        for fields in map(str.split, lines):
            address, _, number = fields[1].partition(":")
            if fields[3] == _LISTENS and int(number, 16) == port and _address(address) in _REACHED:
                found.add(int(fields[9]))
    return frozenset(found - {0})


def _address(written: str) -> str:
    """Of the table: words of 32 bits in hexadecimal, each in this machine's order of bytes."""
    words = [int(written[at : at + 8], 16) for at in range(0, len(written), 8)]
    raw = b"".join(socket.ntohl(word).to_bytes(4, "big") for word in words)
    return socket.inet_ntop(socket.AF_INET if len(raw) == 4 else socket.AF_INET6, raw)


def sockets(pids: Iterable[int]) -> set[int]:
    """The inodes of the sockets that these processes hold."""
    found = set()
    for pid in pids:
        try:
            names = os.listdir(f"/proc/{pid}/fd")
        except OSError:  # gone, or another user's
            continue
        for name in names:
            try:
                target = os.readlink(f"/proc/{pid}/fd/{name}")
            except OSError:
                continue
            if target.startswith("socket:["):
                found.add(int(target[8:-1]))
    return found


def strangers(port: int, own: Collection[int]) -> str | None:
    """Who besides the processes `own` listens there, in words; None when nobody does."""
    foreign = listeners(port) - sockets(own)
    if not foreign:
        return None
    holders = [pid for pid in _processes() if pid not in own and sockets([pid]) & foreign]
    return ", ".join(f"process {pid} ({_name(pid)})" for pid in holders[:3]) or "a process that another user started"


def settled_strangers(port: int, own_now) -> str | None:
    """`strangers`, looked at twice when there seems to be one. `own_now()` gives the own processes anew."""
    if strangers(port, own_now()) is None:
        return None
    time.sleep(_AGAIN_S)
    return strangers(port, own_now())


def _processes() -> list[int]:
    return sorted(int(name) for name in os.listdir("/proc") if name.isdigit())


def _name(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip() or "?"
    except OSError:
        return "?"
