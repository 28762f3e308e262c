"""What was recorded of a request: functions entered, lines run, messages on the wire, on one clock.

A claim of a call path is checked against it by scripts/call_paths/call_path_check.py.
"""

from dataclasses import dataclass, field
from operator import itemgetter
from typing import Protocol

from scripts.common.errors import SiteError

LINE = "line"  # the kind that a recording gives an executed line; a hop of one says `line = "..."` instead
COLUMNS = ("t_ns", "pid", "line", "kind", "phase", "symbol")


class StoredRecord(Protocol):
    """What is used of a record, as scripts/measured/record_reader.py reads it."""

    @property
    def path(self) -> str: ...

    @property
    def data(self) -> dict: ...

    @property
    def columns(self) -> dict: ...


@dataclass(frozen=True)
class Recording:
    """A path recording: file digests, roles by pid, first entries sorted by time, and messages on the wire."""

    configuration: str
    record: str
    files: dict
    roles: dict
    entries: dict  # symbol -> [(t_ns, role, line, kind, phase)]
    wire: list
    experiment: str
    executed: dict = field(default_factory=dict)  # (symbol, line) -> [(t_ns, role)], of the watched functions
    watched: dict = field(default_factory=dict)  # symbol -> the roles in which its lines were watched

    @classmethod
    def of(cls, record: StoredRecord) -> "Recording":
        """Reads a record that has a recording and its columns."""
        data = record.data["recording"]
        roles = {process["pid"]: process["role"] for process in data["processes"]}
        columns = record.columns
        entries: dict = {}
        executed: dict = {}
        watched: dict = {}
        for function in data.get("lines") or []:
            watched.setdefault(function["symbol"], set()).add(function["role"])
        missing = [name for name in COLUMNS if name not in columns]
        if missing:
            raise SiteError(f"{record.path}: the column file lacks {', '.join(missing)}; record it again")
        if nameless := sorted(set(columns["pid"]) - roles.keys()):
            raise SiteError(f"{record.path}: process {nameless[0]} has no role; record it again")
        names = {symbol: symbol.replace(".<locals>", "") for symbol in set(columns["symbol"])}
        rows = sorted(zip(*(columns[name] for name in COLUMNS), strict=True), key=itemgetter(0))  # by time
        for t_ns, pid, line, kind, phase, symbol in rows:
            if kind == LINE:
                executed.setdefault((names[symbol], line), []).append((t_ns, roles[pid]))
            else:
                entries.setdefault(names[symbol], []).append((t_ns, roles[pid], line, kind, phase))
        wire, experiment = data.get("wire") or [], record.data["experiment"]
        return cls(
            data["configuration"], record.path, data["files"], roles, entries, wire, experiment, executed, watched
        )
