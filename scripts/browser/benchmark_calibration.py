"""What `make bench` says of the ranges for another host: how often they were right, by kind of value and by host."""

from pathlib import Path

from scripts.browser.benchmark_checks import Table
from scripts.common.paths import ROOT
from scripts.measured import calibration

FIGURE = "outside the range"
MOST = 10  # percent, of all predictions: the goal is that at least 90% of them are inside


def ranges(figures: Table, root: Path = ROOT) -> None:
    """A row a kind and one of all, which has the limit, then one a host of which anything was predicted. The file is
    read, nothing is predicted again."""
    rows = calibration.load(root)
    if not rows:
        figures.add(f"{FIGURE}, {calibration.TOTAL}", "%", MOST, None, calibration.MISSING)
    for row in rows:
        outside = None if row.coverage is None else 100 * (1 - row.coverage)
        detail = f"{row.inside} of {row.left_out} inside, {row.covered}; {row.values} values; median {row.width}"
        limit = MOST if row.kind == calibration.TOTAL else None
        figures.add(f"{FIGURE}, {' '.join((row.kind, row.scale, row.reading)).strip()}", "%", limit, outside, detail)
    for host in (host for host in calibration.hosts(root) if host.every.left_out):
        parts = ", ".join(f"{name} {counted}" for name, counted in host.set_by.items() if counted.left_out)
        detail = f"{host.every} inside; {parts}; {host.cores} processors"
        outside = 100 * (1 - host.every.inside / host.every.left_out)
        figures.add(f"{FIGURE}, {host.name}", "%", None, outside, detail)
