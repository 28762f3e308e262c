"""`lab experiments`: measure what this machine can, redraw the reference's figures and claims, and compare."""

import argparse
import math
import sys
from collections.abc import Sequence
from pathlib import Path

from experiments.lab.analysis import notebook_runner
from experiments.lab.errors import LabError
from experiments.lab.evaluation import (
    committed_claims,
    compare_claims,
    host_claims,
    host_ranges,
    plan_claims,
    plan_notice,
)
from experiments.lab.fleets import cards, suite_runner
from experiments.lab.fleets.fleet import Fleet
from experiments.lab.host import config, engine_table, host_info, interpreters, model_folders
from experiments.lab.host.config import Settings


def experiments_command(options: argparse.Namespace, found: Settings) -> int:
    """Measure what this machine can, redraw the reference's figures and claims, and compare what was measured here."""
    out = config.ROOT / (config.REFERENCE if options.reference else config.LOCAL)
    failures = []
    wanted = list(dict.fromkeys(options.exp or suite_runner.experiments()))
    tiers = [] if options.no_measure else tiers_here(found)
    for line in plan_notice.lines(wanted, options.reference) if "gpu" in tiers else ():
        print(line, file=sys.stderr)
    if "gpu" in tiers and options.cards and (count := cards.how_many(options.cards)) > 1:
        failures += cards.measure(wanted, count, out)  # each of its runs has a lock of its own
        tiers = [tier for tier in tiers if tier != "gpu"]
    with suite_runner.one_a_card(options.card) if options.card else suite_runner.one_at_a_time():
        if not options.no_measure:
            failures += measure_here(wanted, found, out, tiers)
        for experiment in wanted:
            try:
                print(redraw(experiment, options.reference))
            except LabError as error:  # the other experiments' tables are not lost with it
                failures.append(f"experiment {experiment}: {error}")
        host_ranges.write(config.ROOT)
    for line in failures:
        print(line, file=sys.stderr)
    return 1 if failures else 0


def redraw(experiment: str, reference_only: bool) -> str:
    """Redraw the reference's figures and claims, if it has records, and return the table."""
    if reference_records(experiment):
        with committed_claims.kept_if_it_fails(experiment, config.ROOT):
            path = notebook_runner.execute(experiment, config.ROOT)
            host_claims.write(experiment, config.ROOT)
            plan_claims.write(experiment, config.ROOT)
        print(f"{path.relative_to(config.ROOT)}: redrawn from the reference records", file=sys.stderr)
    else:
        print(f"experiment {experiment}: no reference records yet", file=sys.stderr)
    return compare_claims.table(experiment, *compare_claims.both(experiment, reference_only))


def measure_here(wanted: list[str], found: Settings, out: Path, tiers: Sequence[str] | None = None) -> list[str]:
    """Measure the tiers that this machine has, or these; the lines of what failed. What cannot be measured here is no
    failure."""
    if "gpu" not in tiers_here(found):
        engines = engine_table.table()
        why = f"no interpreter has {engines.labels(engines.of_tier('gpu'))} for GPUs" if host_info.gpu() else "no GPU"
        for experiment in wanted:
            print(f"experiment {experiment}: the GPU tier is not measured here ({why})", file=sys.stderr)
    failures = []
    for tier in tiers_here(found) if tiers is None else tiers:
        able: dict[str, list[Fleet]] = {}
        for experiment in wanted:
            try:
                fleets = suite_runner.fleets(experiment, tier)
            except LabError as error:  # a sweep that does not fit this card; the rest may still be measured
                failures.append(f"experiment {experiment}, {tier} tier: not measured here: {error}")
                continue
            if here := [fleet for fleet in fleets if _engines_are_here(fleet, found)]:
                able[experiment] = here
        if not able:
            continue
        every = [fleet for fleets in able.values() for fleet in fleets]
        model_folders.prepare(found, [name for fleet in every for name in fleet.needs()])
        print(
            f"experiment{'s' * (len(able) > 1)} {', '.join(able)}, {tier} tier on "
            f"{host_info.label(host_info.host())}: at most {math.ceil(sum(fleet.minutes for fleet in every))} min",
            file=sys.stderr,
        )
        failures += suite_runner.measure_all(list(able), tier, found, out, suites=able)
    return failures


def _engines_are_here(fleet: Fleet, found: Settings) -> bool:
    """Whether they are, made if that can be; a line where one is not."""
    try:
        for name in fleet.needs():
            interpreters.find_or_make(name, found)
    except LabError as error:
        print(f"{fleet.name}: not measured here: {error}", file=sys.stderr)
        return False
    return True


def tiers_here(found: Settings) -> list[str]:
    """gpu where a GPU and an engine for it are; cpu everywhere but on a GPU host to which no CPU build was brought."""
    of_tier = engine_table.table().of_tier
    gpu = host_info.gpu() and any(found.pythons.get(name) for name in of_tier("gpu"))
    cpu = not gpu or any(found.pythons.get(name) for name in of_tier("cpu"))
    return ["gpu"] * bool(gpu) + ["cpu"] * bool(cpu)


def reference_records(experiment: str) -> list[Path]:
    return sorted((config.ROOT / config.REFERENCE / experiment).glob("*.json"))
