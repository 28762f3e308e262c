"""Call paths: what a manifest claims, hop by hop.

A hop is claimed per configuration, in one process role. A hop may claim one line of its function: `line` is the whole
line as it stands there, without its margin, and `nth` says which where several read alike. With `not_in` the hop also
claims that in those configurations, whose recordings watched the function too, the line did not run.
scripts/call_paths/call_path_check.py checks it against what was recorded.
"""

from pathlib import Path

from scripts.common.errors import SiteError
from scripts.quotes import manifest as manifests
from scripts.quotes.manifest import Manifest
from scripts.quotes.manifest_tables import CallPath, Hop
from scripts.sources.engine_table import configurations

KINDS = {
    "start": "entered, or resumed, while the request was served",
    "resume": "a coroutine that was waiting and went on",
    "standing": "on the stack already when the request came",
    "compiled": "seen while warming up only: compiled code or a graph replay hides it afterwards",
}


def parse(manifest: Manifest) -> list[CallPath]:
    """The call paths of a manifest. Raises SiteError for a doubled id, an excerpt that is not defined, a configuration
    or role that is not there."""
    for number, path in enumerate(manifest.paths):
        if path.id in {other.id for other in manifest.paths[:number]}:
            raise SiteError(f"{path.where}: two paths are called that; rename one")
        of_engine = [name for name, other in configurations().items() if other.engine == path.engine]
        for name in path.configurations:
            if name not in of_engine:
                known = ", ".join(of_engine) or "none"
                raise SiteError(f"{path.where}: {path.engine} has no configuration {name!r} (it has: {known})")
        for hop in path.hops:
            _check_hop(hop, path, manifest)
        ids = [hop.id for hop in path.hops]
        for name in ids:
            if ids.count(name) > 1:
                raise SiteError(f"{path.where}: two hops are called '{name}'; rename one")
    return list(manifest.paths)


def _check_hop(hop: Hop, path: CallPath, manifest: Manifest) -> None:
    where = f"{path.where}, hop '{hop.id}'"
    if not hop.roles:
        raise SiteError(f'{where}: claimed in no configuration; write in = {{ {path.configurations[0]} = "role" }}')
    if not all(hop.symbol.partition("::")):
        raise SiteError(f"{where}: symbol {hop.symbol!r} is not written repo/path.py::Qual.name")
    if hop.kind not in KINDS:
        raise SiteError(f"{where}: kind {hop.kind!r} is not known (known: {', '.join(KINDS)})")
    for configuration, role in hop.roles.items():
        if configuration not in path.configurations:
            raise SiteError(f"{where}: configuration {configuration!r} is not one of the path's")
        processes = configurations()[configuration].roles
        if role not in processes:
            raise SiteError(f"{where}: {configuration} has no process {role!r} (it has: {', '.join(processes)})")
    if hop.excerpt and hop.excerpt not in manifest.excerpts:
        raise SiteError(
            f"{where}: excerpt '{hop.excerpt}' is not defined in {manifest.file}; define it or drop the link"
        )
    if hop.line and hop.stated_kind:
        raise SiteError(f"{where}: has a line and a kind; a line runs or does not, so drop kind")
    if not hop.line and (hop.not_in or hop.nth):
        raise SiteError(f"{where}: not_in and nth are of a line; write line, or drop them")
    for configuration in hop.not_in:
        if configuration not in path.configurations:
            raise SiteError(f"{where}: configuration {configuration!r} in not_in is not one of the path's")
        if configuration in hop.roles:
            raise SiteError(f"{where}: claimed both to run and not to run in {configuration}; drop one")


def load_all(root: Path) -> dict[str, CallPath]:
    """Every path of every manifest, by id."""
    paths: dict[str, CallPath] = {}
    for manifest in manifests.load_all(root).values():
        for path in parse(manifest):
            if path.id in paths:
                raise SiteError(f"{path.where} is defined in {paths[path.id].manifest} too; rename one")
            paths[path.id] = path
    return paths


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
