"""From the injection's raw lines to the recording that a call path is checked against.

A recording says which process played which role, which functions were entered in which order, and which
messages crossed between processes, for one request to one configuration:

    {"configuration", "files": {repository path: sha256 as installed}, "processes": [{"pid", "role", "name"}],
     "wire": [{"t_ns", "to_t_ns", "from", "to", "transport", "type", "tag", "bytes", "frames", "symbol"}],
     "lines": [{"symbol", "role"}], the functions whose executed lines were watched}

and as columns, sorted by time: symbol, line, kind, pid, thread, t_ns, phase. An entry of kind `line` is a line of a
watched function as it ran; of the others `line` is where the function begins. `python -m
experiments.lab.callpaths.recording RECORD_OR_FOLDER` prints the entered symbols in order, by role, for choosing hops
from. Standard library only.
"""

import argparse
import gzip
import hashlib
import json
import sys
from collections.abc import Iterable
from pathlib import Path

from experiments.lab.errors import LabError
from experiments.lab.host.engine_table import table

COLUMNS = ("symbol", "line", "kind", "pid", "thread", "t_ns", "phase")

class RecordingError(LabError):
    """One line: what the recording lacks and what to do."""


def build(
    lines: list[dict], configuration: str, http: Iterable[dict] = (), turns: bool = False, until: int | None = None
) -> tuple[dict, dict]:
    """(recording, columns) from `Injection.read()`; `http` are the client's own wire entries, `turns` whether the
    request was one among others and a plan told its turns apart; `until`, ns, is then the end of its answer.

    Raises RecordingError when a role of the configuration is missing or nothing was entered.
    """
    entries = [line for line in lines if "symbol" in line]
    armings = [line["arming"] for line in entries if line["phase"] == "request"]
    if not armings:
        raise RecordingError(
            f"{configuration}: no engine function was entered while armed; was the request sent to this server?"
        )
    last = max(armings)
    entries = sorted(
        (line for line in entries if line["phase"] == "warmup" or line["arming"] == last),
        key=lambda line: line["t_ns"],
    )
    roles = _roles(entries)
    entries = _served([line for line in entries if line["pid"] in roles], roles, turns, until)
    missing = [role for role in processes(configuration) if role not in roles.values()]
    if missing:
        raise RecordingError(
            f"{configuration}: no process showed itself as {', '.join(missing)}; "
            "has its entry point moved? (witnesses in snippets/engines.toml)"
        )
    names = {line["title"]: line["name"] for line in lines if "title" in line}
    columns = {name: [line[name] for line in entries] for name in COLUMNS}
    used = {symbol.partition("::")[0] for symbol in columns["symbol"]}
    installed = {line["file"]: line["installed"] for line in lines if "file" in line}
    sent = [line for line in lines if line.get("arming") == last and "wire" in line]
    if until is not None:
        sent = [line for line in sent if line["t_ns"] <= until]
    watched = {(line["watched"], line["pid"]) for line in lines if "watched" in line and line["arming"] == last}
    recording = {
        "configuration": configuration,
        "files": {path: _digest(installed[path]) for path in sorted(used)},
        "processes": [
            {"pid": pid, "role": role, "name": short_name(names.get(pid, ""))} for pid, role in sorted(roles.items())
        ],
        "wire": sorted([*pair(sent, roles), *http], key=lambda message: message["t_ns"]),
    }
    if watched:
        pairs = sorted({(symbol, roles[pid]) for symbol, pid in watched if pid in roles})
        recording["lines"] = [{"symbol": symbol, "role": role} for symbol, role in pairs]
    return recording, columns


def processes(configuration: str) -> tuple[str, ...]:
    """The roles that a configuration must show; () for one that is not in snippets/engines.toml."""
    known = table().configurations
    return known[configuration].processes if configuration in known else ()


def _served(entries: list[dict], roles: dict[int, str], turns: bool, until: int | None = None) -> list[dict]:
    """The entries that belong to the request, one a (process, thread, symbol, line, phase), in each turn where there are any.

    Where a request comes in over HTTP, all entries do, unless there were others before it. Behind that, those from
    the first message on; a polling loop's earlier ones are idling. None after `until`, ns. Of the warm-up, what the
    request did not enter again in that process.
    """
    fronts = {engine.front for engine in table().engines.values()}
    again = {line["pid"] for line in entries if line["phase"] == "request" and line["epoch"]}
    kept: list[dict] = []
    done: set[tuple] = set()
    for line in entries:
        if until is not None and line["t_ns"] > until:
            break
        idle = line["epoch"] == 0 and line["pid"] in again and (turns or roles[line["pid"]] not in fronts)
        if line["phase"] == "request":
            kind = line["kind"] if turns or line["kind"] == "line" else None
            which = (line["symbol"], line["line"], kind)  # a getter and its setter differ in the line alone
            key = (line["pid"], line["thread"], which, max(line["epoch"], 1), line.get("call"))
            if idle or key in done:
                continue
            done.add(key)
        kept.append(line)
    seen = {(line["pid"], line["symbol"]) for line in kept if line["phase"] != "warmup"}
    return [line for line in kept if line["phase"] != "warmup" or (line["pid"], line["symbol"]) not in seen]


def _roles(entries: list[dict]) -> dict[int, str]:
    """pid -> role, for the processes that did something in the request. Unknown ones keep the role `other`."""
    witnesses = [witness for engine in table().engines.values() for witness in engine.witnesses]
    symbols: dict[int, set] = {}
    active = set()
    for line in entries:
        symbols.setdefault(line["pid"], set()).add(line["symbol"])
        if line["phase"] != "warmup":
            active.add(line["pid"])
    roles = {}
    for pid in active:
        roles[pid] = next(
            (role for role, start in witnesses if any(symbol.startswith(start) for symbol in symbols[pid])), "other"
        )
    return roles


def short_name(title: str) -> str:
    """A process's title without anything of the host: engines' own titles stay, command lines shrink."""
    words = title.split()
    if "-m" in words[:-1]:
        return f"python -m {words[words.index('-m') + 1]}"
    if "spawn_main" in title:
        return "python (spawned)"
    return title[:60] if "/" not in title else Path(words[0]).name


def _digest(path: str) -> str:
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def pair(messages: list[dict], roles: dict[int, str]) -> list[dict]:
    """One entry a message, from its two ends.

    Both ends of a connection know the same endpoint, and messages of one direction keep their order, so the
    earliest unused receipt after a send is its receipt. The identity frame that addresses a peer through a router
    socket does not travel: the smaller of the two sizes did. Messages within one process are left out.
    """
    receipts: dict[tuple, list[dict]] = {}
    for message in sorted((m for m in messages if m["wire"] == "recv"), key=lambda m: m["t_ns"]):
        receipts.setdefault((message["transport"], message["endpoint"]), []).append(message)
    peers: dict[str, set[int]] = {}
    for message in messages:
        peers.setdefault(message["endpoint"], set()).add(message["pid"])
    paired: list[dict] = []
    ring: dict[int, str | None] = {}
    for message in sorted((m for m in messages if m["wire"] == "send"), key=lambda m: m["t_ns"]):
        if message["endpoint"].startswith("inproc:"):
            continue
        waiting = receipts.get((message["transport"], message["endpoint"]), [])
        receipt = next((r for r in waiting if r["pid"] != message["pid"] and r["t_ns"] >= message["t_ns"]), None)
        if receipt is not None:
            waiting.remove(receipt)
        others = {roles.get(pid) for pid in peers[message["endpoint"]] if pid != message["pid"]}
        to = roles.get(receipt["pid"]) if receipt else (others.pop() if len(others) == 1 else None)
        if message["transport"] == "shm":
            ring[message["pid"]] = to
        elif to is None and message["type"] == "signal":  # wakes the reader of the ring just written to
            to = ring.get(message["pid"])
        ends = [message, receipt] if receipt and message["transport"] == "zmq" else [message]
        paired.append(
            {
                "t_ns": message["t_ns"],
                "to_t_ns": receipt["t_ns"] if receipt else None,
                "from": roles.get(message["pid"]),
                "to": to,
                "transport": message["transport"],
                "type": message["type"],
                "tag": message["tag"],
                "bytes": min(end["bytes"] for end in ends),
                "frames": min(end["frames"] for end in ends),
                "symbol": message["stack"][0] if message["stack"] else None,
            }
        )
    return paired


def load(path: Path) -> tuple[dict, dict]:
    """(recording, columns) from a record file or from an injection folder (configuration then unknown)."""
    if path.is_dir():
        lines = [json.loads(text) for file in sorted(path.glob("*.jsonl")) for text in file.read_text().splitlines()]
        return build(lines, "")
    record = json.loads(path.read_text())
    return record["recording"], json.loads(gzip.decompress((path.parent / record["columns"]["file"]).read_bytes()))


def summary(recording: dict, columns: dict, phases: tuple[str, ...] = ("standing", "request")) -> str:
    """For people: every first entry in order, then the messages."""
    roles = {process["pid"]: process["role"] for process in recording["processes"]}
    rows = [row for row in zip(*(columns[name] for name in COLUMNS), strict=True) if row[6] in phases]
    zero = min((row[5] for row in rows if row[6] == "request"), default=0)
    text = [f"{p['role']:18} pid {p['pid']}  {p['name']}" for p in recording["processes"]]
    text.append(f"{len(rows)} entries in {len(recording['files'])} files")
    for symbol, line, kind, pid, thread, t_ns, _phase in rows:
        where = f"{roles[pid]:18} {thread[:20]:20}"
        text.append(f"{(t_ns - zero) / 1e6:10.3f} ms  {where} {kind:8} {symbol}  (line {line})")
    for m in recording["wire"]:
        kind = f"{m['tag']} {m['type']}" if m["tag"] else m["type"]
        what = f"{m['from']} -> {m['to']}".ljust(34) + f" {m['transport']:5} {m['bytes']:8} B  {kind}"
        text.append(f"{(m['t_ns'] - zero) / 1e6:10.3f} ms  {what}  by {m['symbol']}")
    return "\n".join(text)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m experiments.lab.callpaths.recording", description=summary.__doc__)
    parser.add_argument("path", type=Path, help="a record (path-*.json) or an injection folder")
    parser.add_argument("--warmup", action="store_true", help="show the warm-up's entries too")
    options = parser.parse_args(arguments)
    phases = ("standing", "request") + (("warmup",) if options.warmup else ())
    try:
        recording, columns = load(options.path)
        print(summary(recording, columns, phases))
    except (OSError, ValueError, KeyError, RecordingError) as error:
        print(f"{options.path}: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
