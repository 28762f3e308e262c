"""One attempt at a fleet on its servers, which are up: what it yields becomes records."""

import shutil
import tempfile
from pathlib import Path

from experiments.lab.errors import LabError
from experiments.lab.fleets.fleet import Context, Fleet
from experiments.lab.fleets.stand_plan import Pending
from experiments.lab.host.card_memory import Watched
from experiments.lab.host.config import Settings
from experiments.lab.host.progress import Progress
from experiments.lab.records import record_file
from experiments.lab.records.fleet_records import Keeping
from experiments.lab.servers.server import Server


def run_fleet(
    pending: Pending, servers: dict[str, Server], tier: str, settings: Settings, out: Path, progress: Progress,
    rates: dict | None, ended: set[str], watched: Watched,
) -> None:
    """`servers` by the fleet's names for them; `rates` are the run's probes; into `ended` go the names of servers that
    the fleet ended. LabError for what went wrong, a dead server first, and when the card held more than `watched` allows.
    """
    fleet, missing, experiment = pending.fleet, pending.missing, pending.experiment
    folder = new_folder(settings.logs, fleet.name)
    kept = Keeping(out, experiment, fleet.produces, fleet.whole)
    context = Context(servers, settings, tier, experiment, folder, missing, progress.show, rates, ended)
    try:
        _measure(fleet, context, kept, progress, watched)
    except Exception as error:
        # Whatever the load made of it: when a server died or hangs, or a stranger answered, that is what happened.
        if "died" not in str(error) and (line := context.death()):
            raise LabError(line) from error
        if isinstance(error, LabError):
            raise LabError(context.named(str(error))) from error
        raise
    if lacking := missing - kept.names:
        raise LabError(f"ended without {', '.join(sorted(lacking))}, which it says it produces")
    kept.close()


def _measure(fleet: Fleet, context: Context, kept: Keeping, progress: Progress, watched: Watched) -> None:
    drafts = fleet.measure(context)
    try:
        for draft in drafts:
            if draft.measurement not in fleet.produces:
                raise LabError(
                    f"yielded {draft.measurement!r}, which it does not say it produces ({', '.join(fleet.produces)})"
                )
            if fleet.plan:
                draft.workload = {**draft.workload, "plan": fleet.plan}
            watched.check()
            context.vouch(draft.server)
            finished = record_file.finish(draft, context.experiment, context.started, context.elapsed(), context.probes)
            kept.add(*finished)
            progress.show(0, 0, f"{'has' if fleet.whole else 'wrote'} {draft.measurement}", force=True)
    finally:
        if hasattr(drafts, "close"):
            drafts.close()  # what the suite holds open (a load generator) ends before the servers do


def new_folder(logs: Path, name: str) -> Path:
    logs.mkdir(parents=True, exist_ok=True)
    return Path(tempfile.mkdtemp(prefix=f"{name}-", dir=logs))


def thin(logs: Path, keep: int = 40) -> None:
    """Logs are kept aside for a while, not for ever."""
    for folder in sorted((f for f in logs.iterdir() if f.is_dir()), key=lambda f: f.stat().st_mtime)[:-keep]:
        shutil.rmtree(folder, ignore_errors=True)
