"""Call paths: what a manifest claims, checked hop by hop against what was recorded.

A hop is claimed per configuration, in one process role. The check, for each configuration: the hop's symbol was
entered in that role, at the line the pinned file has it, in a file equal to the pinned artifact's, and not
before the hop it follows. Order is by one monotonic clock over all processes; a symbol entered in several
threads, or in several turns of a scheduler, may take its place by any of them.

A hop may claim one line of its function: `line` is the whole line as it stands there, without its margin, and `nth`
says which where several read alike. It is checked like a function: that line ran, in that role, not before the hop it
follows. With `not_in` the hop also claims that in those configurations, whose recordings watched the function too, the
line did not run.
"""

from dataclasses import dataclass, field
from pathlib import Path

from scripts.common.errors import SiteError
from scripts.quotes import call_path_lines
from scripts.quotes import manifest as manifests
from scripts.quotes.manifest import check_id, check_table
from scripts.sources.engine_table import configurations

KINDS = {
    "start": "entered, or resumed, while the request was served",
    "resume": "a coroutine that was waiting and went on",
    "standing": "on the stack already when the request came",
    "compiled": "seen while warming up only: compiled code or a graph replay hides it afterwards",
}
LINE = "line"  # the kind that a recording gives an executed line; a hop of one says `line = "..."` instead
PATH_KEYS = {"id": str, "title": str, "engine": str, "configurations": list, "hop": list}
HOP_KEYS = {
    "id": str, "symbol": str, "kind": str, "excerpt": str, "does": str, "crosses": str,
    "line": str, "nth": int, "not_in": list,
}


@dataclass(frozen=True)
class Hop:
    """One function on a path, or one line of it. `roles` maps a configuration to the process role it is claimed in;
    `not_in` are the configurations in which the line is claimed not to have run."""

    id: str
    symbol: str
    roles: dict
    kind: str = "start"
    excerpt: str | None = None
    does: str = ""
    crosses: str = ""
    line: str = ""
    nth: int = 0
    not_in: tuple = ()

    @property
    def configurations(self) -> tuple:
        """Every configuration it claims something of."""
        return (*self.roles, *self.not_in)

    @property
    def file(self) -> str:
        return self.symbol.partition("::")[0]

    @property
    def name(self) -> str:
        return self.symbol.partition("::")[2].partition("#")[0]

    @property
    def recorded(self) -> str:
        """The symbol as a recording has it: a code object's line, not its name, says which redefinition it is."""
        return self.symbol.partition("#")[0].replace(".<locals>", "")


@dataclass(frozen=True)
class CallPath:
    """One engine's path as its manifest claims it; hops in the order they are entered."""

    id: str
    title: str
    engine: str
    configurations: tuple
    hops: tuple
    manifest: str = field(compare=False)


@dataclass(frozen=True)
class Located:
    """A symbol in the pinned file: its `def` line, its first line (a decorator's, if any), the file's sha256; `at` is
    the number of the line that was asked for, 0 without one."""

    line: int
    first: int
    sha256: str
    at: int = 0


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
    def of(cls, record) -> "Recording":
        """Reads a `records.Record` that has a recording and its columns."""
        data = record.data["recording"]
        roles = {process["pid"]: process["role"] for process in data["processes"]}
        columns = record.columns
        entries: dict = {}
        executed: dict = {}
        watched: dict = {}
        for each in data.get("lines") or []:
            watched.setdefault(each["symbol"], set()).add(each["role"])
        wanted = ("t_ns", "pid", "line", "kind", "phase", "symbol")
        missing = [name for name in wanted if name not in columns]
        if missing:
            raise SiteError(f"{record.path}: the column file lacks {', '.join(missing)}; record it again")
        for t_ns, pid, line, kind, phase, symbol in zip(*(columns[name] for name in wanted), strict=True):
            if pid not in roles:
                raise SiteError(f"{record.path}: process {pid} has no role; record it again")
            symbol = symbol.replace(".<locals>", "")
            if kind == LINE:
                executed.setdefault((symbol, line), []).append((t_ns, roles[pid]))
                continue
            entries.setdefault(symbol, []).append((t_ns, roles[pid], line, kind, phase))
        for seen in (*entries.values(), *executed.values()):
            seen.sort(key=lambda entry: entry[0])
        wire, experiment = data.get("wire") or [], record.data["experiment"]
        return cls(
            data["configuration"], record.path, data["files"], roles, entries, wire, experiment, executed, watched
        )


def parse(manifest) -> list[CallPath]:
    """The `[[path]]` tables of a `manifest.Manifest`. Raises SiteError for an unknown or missing key, a doubled
    id, an excerpt that is not defined, a configuration or role that is not there."""
    paths: list[CallPath] = []
    for table in manifest.paths:
        where = f"{manifest.file}: path '{table.get('id', '?')}'"
        check_table(table, PATH_KEYS, tuple(PATH_KEYS), where)
        check_id(table["id"], where)
        if table["id"] in {path.id for path in paths}:
            raise SiteError(f"{where}: two paths are called that; rename one")
        of_engine = [name for name, other in configurations().items() if other.engine == table["engine"]]
        for name in table["configurations"]:
            if name not in of_engine:
                known = ", ".join(of_engine) or "none"
                raise SiteError(f"{where}: {table['engine']} has no configuration {name!r} (it has: {known})")
        hops = [_hop(item, number, table, where, manifest) for number, item in enumerate(table["hop"], 1)]
        ids = [hop.id for hop in hops]
        for name in ids:
            if ids.count(name) > 1:
                raise SiteError(f"{where}: two hops are called '{name}'; rename one")
        paths.append(
            CallPath(
                table["id"], table["title"], table["engine"], tuple(table["configurations"]), tuple(hops), manifest.file
            )
        )
    return paths


def load_all(root: Path) -> dict[str, CallPath]:
    """Every path of every manifest, by id."""
    found: dict[str, CallPath] = {}
    for manifest in manifests.load_all(root).values():
        for path in parse(manifest):
            if path.id in found:
                raise SiteError(
                    f"{path.manifest}: path '{path.id}' is defined in {found[path.id].manifest} too; rename one"
                )
            found[path.id] = path
    return found


def check(path: CallPath, recording: Recording, locate) -> list[str]:
    """What is wrong with the path in this configuration: one line a problem, none when every hop was seen.

    locate: (symbol, where) -> Located in the pinned source; raises SiteError, begun by `where`, for no such symbol.
    """
    problems, clock, before = [], None, None
    claimed = [hop for hop in path.hops if recording.configuration in hop.configurations]
    if not claimed:
        return [f"{path.manifest}: path {path.id} has no hop in {recording.configuration}; drop the configuration"]
    for hop in claimed:
        named = where(path, hop, recording.configuration)
        if hop.line:
            pinned = locate(hop.symbol, named, hop.line, hop.nth)
        else:
            pinned = locate(hop.symbol, named)
        if recording.configuration in hop.not_in:
            if problem := call_path_lines.not_run(hop, recording, pinned):
                problems.append(f"{named}: {problem}")
            continue
        role = hop.roles[recording.configuration]
        problem, times = (call_path_lines.ran if hop.line else _seen)(hop, role, recording, pinned)
        if problem:
            problems.append(f"{named}: {problem}")
            continue
        if hop.kind in ("standing", "compiled"):
            continue
        later = [t for t in times if clock is None or t >= clock]
        if not later:
            early = (clock - times[-1]) / 1000
            problems.append(
                f"{named}: out of order: {'ran' if hop.line else 'entered'} {early:,.0f} µs before hop {before.id} "
                f"({before.name}); put {hop.id} before {before.id}"
            )
            continue
        clock, before = later[0], hop
    return problems


def where(path: CallPath, hop: Hop, configuration: str) -> str:
    """How a problem of this hop in this configuration begins."""
    return f"{path.manifest}: path '{path.id}', hop '{hop.id}' ({hop.name}), {configuration}"


def _seen(hop: Hop, role: str, recording: Recording, pinned: Located) -> tuple[str | None, list[int]]:
    """(problem, times at which the hop was entered)."""
    entries = recording.entries.get(hop.recorded, [])
    if not entries:
        return f"not entered: the recording has no {hop.symbol}; correct the symbol or drop the claim", []
    here = [entry for entry in entries if entry[1] == role]
    if not here:
        roles = ", ".join(sorted({entry[1] for entry in entries}))
        return f"other process: claimed in {role}, entered in {roles}; claim it there", []
    lines = {entry[2] for entry in here}
    if pinned.first not in lines:
        seen = ", ".join(map(str, sorted(lines)))
        return f"other line: recorded at line {seen}, the pinned file has it at line {pinned.first}", []
    digest = recording.files.get(hop.file)
    if digest is None:
        return f"differing file: the recording has no digest of {hop.file}; record it again", []
    if digest.removeprefix("sha256:") != pinned.sha256:
        return f"differing file: {hop.file} was not the pinned artifact's when recorded; record the pinned release", []
    here = [entry for entry in here if entry[2] == pinned.first]
    phases = {entry[4] for entry in here}
    times = [t for t, _, _, _, phase in here if phase == "request"]
    if hop.kind == "standing":
        if "standing" in phases or phases == {"warmup"}:
            return None, []
        return 'entered while the request was served, not standing before it; drop kind = "standing"', []
    if hop.kind == "compiled":
        if phases == {"warmup"}:
            return None, []
        return 'seen outside the warm-up too; drop kind = "compiled"', []
    if not times:
        when = " and ".join(sorted(phases))
        return f"not entered while the request was served, only in phase {when}; mark its kind or drop it", []
    if hop.kind == "resume" and not any(kind == "resume" for _, _, _, kind, phase in here if phase == "request"):
        return 'started, not resumed, while the request was served; drop kind = "resume"', []
    return None, times


def record_it(configuration: str, experiment: str = "01") -> str:
    """What to do where a configuration was not recorded."""
    number = "" if experiment == "01" else f"--exp {experiment} "
    return f"record it: python -m experiments.lab record {number}--configuration {configuration}"


def number_of(path: CallPath) -> str:
    """The number of the experiment whose recordings the path is checked against: that of its manifest."""
    return Path(path.manifest).name[:2]


def partings(path: CallPath) -> list[tuple[tuple, list[Hop]]]:
    """The hops in runs: ((configurations that take the run), [hops]); a run ends where another set goes on.

    Hops of all configurations and of none share a run only with their like, so a run whose configurations are
    fewer than the path's is a stretch on which the configurations part.
    """
    runs: list[tuple[tuple, list[Hop]]] = []
    for hop in path.hops:
        taken = tuple(name for name in path.configurations if name in hop.roles)
        if runs and runs[-1][0] == taken:
            runs[-1][1].append(hop)
        else:
            runs.append((taken, [hop]))
    return runs


def _hop(item: dict, number: int, table: dict, where: str, manifest) -> Hop:
    where = f"{where}, hop '{item['id']}'" if isinstance(item.get("id"), str) else f"{where}, hop number {number}"
    roles = item.get("in")
    check_table({key: value for key, value in item.items() if key != "in"}, HOP_KEYS, ("id", "symbol", "does"), where)
    check_id(item["id"], where)
    if not isinstance(roles, dict) or not roles:
        raise SiteError(f'{where}: claimed in no configuration; write in = {{ {table["configurations"][0]} = "role" }}')
    if not all(item["symbol"].partition("::")):
        raise SiteError(f"{where}: symbol {item['symbol']!r} is not written repo/path.py::Qual.name")
    kind = item.get("kind", "start")
    if kind not in KINDS:
        raise SiteError(f"{where}: kind {kind!r} is not known (known: {', '.join(KINDS)})")
    for configuration, role in roles.items():
        if configuration not in table["configurations"]:
            raise SiteError(f"{where}: configuration {configuration!r} is not one of the path's")
        processes = configurations()[configuration].roles
        if role not in processes:
            raise SiteError(f"{where}: {configuration} has no process {role!r} (it has: {', '.join(processes)})")
    excerpt = item.get("excerpt")
    if excerpt and excerpt not in manifest.excerpts:
        raise SiteError(f"{where}: excerpt '{excerpt}' is not defined in {manifest.file}; define it or drop the link")
    line, not_in = item.get("line", "").strip(), tuple(item.get("not_in", ()))
    if line and "kind" in item:
        raise SiteError(f"{where}: has a line and a kind; a line runs or does not, so drop kind")
    if not line and (not_in or "nth" in item):
        raise SiteError(f"{where}: not_in and nth are of a line; write line, or drop them")
    for configuration in not_in:
        if configuration not in table["configurations"]:
            raise SiteError(f"{where}: configuration {configuration!r} in not_in is not one of the path's")
        if configuration in roles:
            raise SiteError(f"{where}: claimed both to run and not to run in {configuration}; drop one")
    does, crosses = item["does"].strip(), item.get("crosses", "").strip()
    nth = item.get("nth", 0)
    return Hop(item["id"], item["symbol"], dict(roles), kind, excerpt, does, crosses, line, nth, not_in)
