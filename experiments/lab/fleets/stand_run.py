"""Measures fleets stand by stand; what goes wrong in one fleet, or with one server, costs nothing else."""

import contextlib
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from experiments.lab.errors import LabError, refused
from experiments.lab.fleets import compile_ahead, stand_plan
from experiments.lab.fleets.fleet_run import new_folder, run_fleet, thin
from experiments.lab.fleets.run_log import RunLog
from experiments.lab.fleets.stand_plan import Pending, Stand
from experiments.lab.fleets.standing import Standing
from experiments.lab.host import card_memory, host_info
from experiments.lab.host.card_memory import Watched
from experiments.lab.host.config import Settings
from experiments.lab.host.gpu_occupancy import Card
from experiments.lab.host.progress import Progress
from experiments.lab.servers.server_spec import ServerSpec

START_S = {"gpu": 110.0, "cpu": 20.0}  # for one stand's servers, before anything is known of this host


def measure_stands(
    todo: list[Pending], tier: str, settings: Settings, out: Path, names: dict[int, str], logs: str
) -> list[str]:
    """The lines of what failed; everything else is on disk. `names` are the fleets' by the id of each of `todo`.

    Fleets without servers come first, when no server is up; then one stand after another, between which a server that
    the next one wants stays up.
    """
    card = Card(settings) if tier == "gpu" and any(each.fleet.servers for each in todo) else None
    gib = card_memory.usable_gib(settings.card_gib) if tier == "gpu" and host_info.gpu() else None
    stands = stand_plan.plan(todo, gib)
    for number, stand in enumerate(stands if gib else (), 1):
        taken, fleets = sum(spec.memory_gib or 0.0 for spec in stand.servers.values()), stand.fleets
        said = ", ".join(names[id(each)] for each in fleets)
        print(f"stand {number}: {said}: {len(stand.servers)} servers, {taken:.0f} GiB", file=sys.stderr)
    ahead = {} if compile_ahead.kept_from_before() else compile_ahead.plan(stands, gib)
    for place, specs in ahead.items():
        beside = ", ".join(spec.name for spec in specs)
        print(f"stand {place + 1}: {beside} of later stands compile beside its start", file=sys.stderr)
    alone = [each for each in todo if not each.fleet.servers]
    return _Run(tier, settings, out, names, card, logs).go(alone, stands, ahead)


class _Run:
    def __init__(
        self, tier: str, settings: Settings, out: Path, names: dict[int, str], card: Card | None, logs: str
    ):
        self.tier, self.settings, self.out, self.names, self.card = tier, settings, out, names, card
        self.log = RunLog(out, tier, logs)
        self.folder = new_folder(settings.logs, "stands")
        self.standing = Standing(settings, self.folder, self.log)
        self.watched = Watched(settings.card_gib if card else None)
        self.failures: list[str] = []

    def go(self, alone: list[Pending], stands: list[Stand], ahead: Mapping[int, Sequence[ServerSpec]]) -> list[str]:
        parts = {self.names[id(each)]: each.fleet.minutes * 60 for each in alone}
        labels = [f"stand {number}" for number in range(1, len(stands) + 1)]
        for label, stand in zip(labels, stands, strict=True):
            parts[label] = START_S[self.tier]
            parts |= {self.names[id(each)]: each.fleet.minutes * 60 for each in stand.fleets}
        self.progress = Progress(parts)
        self.watched.open()
        try:
            for each in alone:
                self._fleet(each)
            for place, (label, stand) in enumerate(zip(labels, stands, strict=True)):
                self._stand(label, stand, ahead.get(place, ()))
            self.standing.clear()
        except KeyboardInterrupt:
            if self.standing.up():
                print("\ninterrupted: ending the servers, up to 20 s", file=sys.stderr)
            raise
        finally:
            self.watched.close()
            self.standing.running.stop()
            self._put_logs_away()
        return self.failures

    def _put_logs_away(self) -> None:
        """They lie beside the records: what goes wrong with them is told, and costs nothing that was measured."""
        try:
            thin(self.settings.logs)
            for line in self.log.close():
                print(line, file=sys.stderr)
        except OSError as error:
            with contextlib.suppress(OSError):  # nobody may be left who reads it
                print(f"the run's logs were not put away ({error}); its records are complete", file=sys.stderr)

    def _stand(self, label: str, stand: Stand, ahead: Sequence[ServerSpec]) -> None:
        self.log.stand = label.replace(" ", "-")
        self.log.stands[self.log.stand] = [f"{each.experiment} {each.fleet.name}" for each in stand.fleets]
        self.progress.start(label)
        try:
            self.standing.clear(stand)
            self.watched.begin()
            if self.card:
                self.card.ready(list(stand.servers.values()), self.progress, self.standing.pids())
            with self.log.spend("start"):
                self.standing.stand_up(stand, self._waiting, ahead)
            self.watched.check()
        except LabError as error:
            for each in stand.fleets:
                self.failures.append(f"{self.names[id(each)]}: {error}")
            self.progress.finish("failed")
            self.log.held(self.watched)
            for each in stand.fleets:
                self.progress.drop(self.names[id(each)])
            return
        self.log.held(self.watched)
        if self.card:
            self.card.started(self.standing.pids())
        self.progress.finish()
        for each in stand.fleets:
            self._fleet(each)

    def _fleet(self, pending: Pending) -> None:
        name, fleet = self.names[id(pending)], pending.fleet
        self.progress.start(name)
        try:
            rates, servers = None, {}
            self.watched.begin()
            if self.card:
                rates = self.card.ready(fleet.servers, self.progress, self.standing.pids())
            if fleet.servers:
                with self.log.spend("start"):  # of one that died meanwhile, or that is wanted fresh
                    servers = self.standing.hand_over(fleet, self._waiting)
                if self.card:
                    self.card.started(self.standing.pids())
            ended: set[str] = set()
            try:
                with self.log.spend("measure" if fleet.servers else "alone", pending.experiment):
                    run_fleet(pending, servers, self.tier, self.settings, self.out, self.progress, rates, ended,
                              self.watched)
            finally:
                self.log.held(self.watched)
                if fleet.servers:
                    self.standing.take_back(fleet, ended)
        except LabError as error:
            self._failed(f"{name}: {error}")
        except OSError as error:
            self._failed(f"{name}: {refused(error) or _unforeseen(error)}")
        except Exception as error:  # a suite's own fault must not lose the fleets after it
            self._failed(f"{name}: {_unforeseen(error)}")
        else:
            self.progress.finish()

    def _failed(self, line: str) -> None:
        self.failures.append(line)
        self.progress.finish("failed")

    def _waiting(self) -> None:
        self.progress.show(0, 0, f"waiting for {self.standing.running.waiting()}")


def _unforeseen(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}{_where(error)}"


def _where(error: BaseException) -> str:
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    return f" ({Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno})" if trace else ""
