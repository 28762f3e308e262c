"""One attempt at a fleet: its servers are started, measured and ended, and what it yields becomes records."""

import shutil
import sys
import tempfile
from pathlib import Path

from experiments.lab.errors import LabError
from experiments.lab.fleets.fleet import Context, Fleet
from experiments.lab.host.config import Settings
from experiments.lab.host.progress import Progress
from experiments.lab.records import record_file
from experiments.lab.records.fleet_records import Keeping
from experiments.lab.servers.server_group import Running


def run_fleet(
    fleet: Fleet,
    missing: frozenset[str],
    experiment: str,
    tier: str,
    settings: Settings,
    out: Path,
    progress: Progress,
    rates: dict | None = None,
) -> None:
    """One attempt at a fleet; `rates` are the run's probes. LabError for what went wrong, a dead server first."""
    settings.logs.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=f"{fleet.name}-", dir=settings.logs))
    running = Running(fleet.servers, settings, folder, fleet.one_by_one)
    kept = Keeping(out, experiment, fleet.produces, fleet.whole)
    try:
        servers = running.start(lambda: progress.show(0, 0, f"waiting for {running.waiting()}"))
        context = Context(servers, settings, tier, experiment, folder, missing, progress.show, rates)
        try:
            _measure(fleet, context, kept, progress)
        except Exception as error:
            # Whatever the load made of it: when a server died, that is what happened.
            if "died" not in str(error) and (line := context.death()):
                raise LabError(line) from error
            raise
        if lacking := missing - kept.names:
            raise LabError(f"ended without {', '.join(sorted(lacking))}, which it says it produces")
        kept.close()
    except KeyboardInterrupt:
        if fleet.servers:
            print("\ninterrupted: ending the servers, up to 20 s", file=sys.stderr)
        raise
    finally:
        running.stop()
    _thin(settings.logs)


def _measure(fleet: Fleet, context: Context, kept: Keeping, progress: Progress) -> None:
    drafts = fleet.measure(context)
    try:
        for draft in drafts:
            if draft.measurement not in fleet.produces:
                raise LabError(
                    f"yielded {draft.measurement!r}, which it does not say it produces ({', '.join(fleet.produces)})"
                )
            finished = record_file.finish(draft, context.experiment, context.started, context.elapsed(), context.probes)
            kept.add(*finished)
            progress.show(0, 0, f"{'has' if fleet.whole else 'wrote'} {draft.measurement}", force=True)
    finally:
        if hasattr(drafts, "close"):
            drafts.close()  # what the suite holds open (a load generator) ends before the servers do


def _thin(logs: Path, keep: int = 40) -> None:
    """Logs are kept aside for a while, not for ever."""
    for folder in sorted((f for f in logs.iterdir() if f.is_dir()), key=lambda f: f.stat().st_mtime)[:-keep]:
        shutil.rmtree(folder, ignore_errors=True)
