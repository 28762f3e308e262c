"""Measures the fleets of suites that are not finished; what is finished is kept and never repeated.

Interrupted (Ctrl-C, SIGTERM) it ends its servers, leaves no half file, and the same command goes on from there.
"""

import contextlib
import fcntl
import importlib
import importlib.util
import itertools
import os
import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from experiments.lab.errors import LabError
from experiments.lab.fleets.fleet import Fleet
from experiments.lab.fleets.stand_plan import Pending, keyed
from experiments.lab.fleets.stand_run import measure_stands
from experiments.lab.host import host_info, interpreters
from experiments.lab.host.config import ROOT, Settings
from experiments.lab.records import record_file, record_swap

ENDING = "\ninterrupted again: the servers are being ended, up to 20 s; what is finished is kept\n"
SUITES = Path(__file__).parents[1] / "suites"


def experiments() -> list[str]:
    """The experiments that have a suite, by number."""
    return sorted(path.name[3:5] for path in SUITES.glob("exp[0-9][0-9]_*"))


def fleets(experiment: str, tier: str) -> list[Fleet]:
    """The suite's fleets of a tier. LabError when there is no such suite, or its fleets clash."""
    if experiment not in experiments():
        raise LabError(f"no experiment {experiment!r}; there are: {', '.join(experiments()) or 'none'}")
    (folder,) = SUITES.glob(f"exp{experiment}_*")
    if not (folder / f"{tier}.py").is_file():  # an experiment may have nothing to measure on one of the tiers
        return []
    found = importlib.import_module(f"experiments.lab.suites.{folder.name}.{tier}").fleets()
    names = [name for fleet in found for name in (fleet.name, *fleet.produces) if name]
    twice = {n for n in [m for f in found for m in f.produces] if [m for f in found for m in f.produces].count(n) > 1}
    if twice or len({fleet.name for fleet in found}) != len(found):
        raise LabError(
            f"experiment {experiment}: two fleets share a name or a measurement ({', '.join(sorted(twice)) or names})"
        )
    return found


@contextlib.contextmanager
def one_at_a_time(root: Path = ROOT) -> Iterator[None]:
    """Two runs would disturb each other's measurements: the second ends at once. LabError names the first."""
    with _locked(root, "lock", fcntl.LOCK_EX):
        yield


@contextlib.contextmanager
def one_a_card(card: str, root: Path = ROOT) -> Iterator[None]:
    """The same of a run that keeps to one card of several: one on another card may go on beside it."""
    with _locked(root, "lock", fcntl.LOCK_SH), _locked(root, f"lock-card-{card}", fcntl.LOCK_EX):
        yield


@contextlib.contextmanager
def _locked(root: Path, name: str, how: int) -> Iterator[None]:
    folder = root / ".cache/lab"
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / name, "a+") as lock:
        try:
            fcntl.flock(lock, how | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise LabError(
                f"another run is measuring here (process {lock.read().strip() or '?'}); wait for it, or end it"
            ) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


@contextlib.contextmanager
def ended_in_order() -> Iterator[None]:
    """SIGTERM and SIGHUP unwind like Ctrl-C, so that servers are ended and files removed. A second one says that this
    is going on and does not stop it half-way; a third does, and then the servers end by themselves."""
    told = itertools.count(1)

    def interrupt(number: int, _frame: object) -> None:
        if next(told) == 2:
            os.write(2, ENDING.encode())  # no print: it may have interrupted one
        else:
            raise KeyboardInterrupt(signal.Signals(number).name)

    before = {sign: signal.signal(sign, interrupt) for sign in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
              if sign != signal.SIGINT or signal.getsignal(sign) is signal.default_int_handler}
    try:
        yield
    finally:
        for sign, handler in before.items():
            signal.signal(sign, handler)


def measure(
    experiment: str, tier: str, settings: Settings, out: Path, only: str | None = None, again: bool = False,
    suite: list[Fleet] | None = None,
) -> list[str]:
    """`measure_all` of one experiment; `suite` overrides its fleets."""
    return measure_all([experiment], tier, settings, out, only, again, None if suite is None else {experiment: suite})


def measure_all(
    wanted: Sequence[str], tier: str, settings: Settings, out: Path, only: str | None = None, again: bool = False,
    suites: Mapping[str, list[Fleet]] | None = None, logs: str = "logs",
) -> list[str]:
    """Measure what is missing below `out`, fleets of several experiments on servers that stand together. Returns the
    lines of what failed; everything else is on disk.

    `only` names a fleet or a measurement, or several with commas between; `again` measures finished ones too; `suites`
    overrides the experiments' fleets; `logs` is the folder below `out` for what run_log.py leaves.
    """
    failures: list[str] = []
    chosen: list[tuple[str, Fleet]] = []
    for experiment in wanted:
        try:
            found = suites[experiment] if suites is not None else fleets(experiment, tier)
        except LabError as error:  # a sweep that does not fit this card must not keep other experiments from it
            failures.append(f"experiment {experiment}: {error}")
            continue
        chosen += [(experiment, fleet) for fleet in found]
    if only and chosen:
        known = [name for _, fleet in chosen for name in (fleet.name, *fleet.produces)]
        names = only.split(",")
        if unknown := [name for name in names if name not in known]:
            which = f"experiment {wanted[0]} has" if len(wanted) == 1 else "these experiments have"
            raise LabError(f"{which} no {unknown[0]!r} in tier {tier}; there are: {', '.join(known)}")
        chosen = [each for each in chosen if each[1].name in names or {*names} & {*each[1].produces}]
    for experiment in dict.fromkeys(experiment for experiment, _ in chosen):
        record_swap.finish(out, experiment)  # of a run that was killed while it put its records in place
    todo: list[Pending] = []
    called: dict[int, str] = {}
    for experiment, fleet in chosen:
        name = fleet.name if len(wanted) == 1 else f"{experiment} {fleet.name}"
        try:
            keyed(fleet.servers)
            missing = missing_records(fleet, experiment, settings, out, again)
        except LabError as error:
            failures.append(f"{name}: not measured here: {error}")
            continue
        if missing:
            todo.append(Pending(experiment, fleet, missing))
            called[id(todo[-1])] = name
        else:
            print(f"{name}: finished before", file=sys.stderr)
    if todo:
        with ended_in_order():
            failures += measure_stands(todo, tier, settings, out, called, logs)
    return failures


def missing_records(
    fleet: Fleet, experiment: str, settings: Settings, out: Path, again: bool = False
) -> frozenset[str]:
    """The fleet's measurements that are still to be made: of a whole fleet all or none. LabError when an engine it
    needs is not here."""
    installed = {name: interpreters.engine(name, settings) for name in fleet.needs()}
    if again:
        return frozenset(fleet.produces)
    host, digests = host_info.host()["id"], {name: build["digest"] for name, build in installed.items()}
    missing = frozenset(
        name
        for name in fleet.produces
        if not record_file.is_current(out / experiment / f"{name}.json", experiment, host, digests, fleet.plan)
    )
    return frozenset(fleet.produces) if fleet.whole and missing else missing
