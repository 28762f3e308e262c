"""`lab experiments`: measure what this machine can, redraw the reference's figures and claims, and compare."""

import argparse
import math
import sys
from pathlib import Path

from experiments.lab.analysis import notebook_runner
from experiments.lab.errors import LabError
from experiments.lab.evaluation import committed_claims, compare_claims, host_claims, host_ranges
from experiments.lab.evaluation.committed_claims import reference_claims
from experiments.lab.fleets import suite_runner
from experiments.lab.host import config, engine_table, host_info, interpreters, model_folders
from experiments.lab.host.config import Settings


def experiments_command(options: argparse.Namespace, found: Settings) -> int:
    """Measure what this machine can, redraw the reference's figures and claims, and compare what was measured here."""
    out = config.ROOT / (config.REFERENCE if options.reference else config.LOCAL)
    failures = []
    wanted = [options.exp] if options.exp else suite_runner.experiments()
    with suite_runner.one_at_a_time():
        if not options.no_measure:
            for experiment in wanted:
                failures += measure_here(experiment, found, out)
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
        path = notebook_runner.execute(experiment, config.ROOT)
        claims = host_claims.on_every_host(experiment, reference_claims(experiment), config.ROOT)
        committed_claims.write(experiment, claims)
        print(f"{path.relative_to(config.ROOT)}: redrawn from the reference records", file=sys.stderr)
    else:
        print(f"experiment {experiment}: no reference records yet", file=sys.stderr)
    return compare_claims.table(experiment, *compare_claims.both(experiment, reference_only))


def measure_here(experiment: str, found: Settings, out: Path) -> list[str]:
    """Measure the tier that this machine has; the lines of what failed. What cannot be measured here is no failure."""
    tiers = tiers_here(found)
    failures = []
    if "gpu" not in tiers:
        engines = engine_table.table()
        why = f"no interpreter has {engines.labels(engines.of_tier('gpu'))} for GPUs" if host_info.gpu() else "no GPU"
        print(f"experiment {experiment}: the GPU tier is not measured here ({why})", file=sys.stderr)
    for tier in tiers:
        try:
            fleets = suite_runner.fleets(experiment, tier)
        except LabError as error:  # a sweep that does not fit this card; the other tier may still be measured
            failures.append(f"experiment {experiment}, {tier} tier: not measured here: {error}")
            continue
        able = []
        for fleet in fleets:
            try:
                for name in fleet.needs():
                    interpreters.find_or_make(name, found)
            except LabError as error:
                print(f"{fleet.name}: not measured here: {error}", file=sys.stderr)
                continue
            able.append(fleet)
        if not able:
            continue
        model_folders.prepare(found, [name for fleet in able for name in fleet.needs()])
        minutes = sum(fleet.minutes for fleet in able)
        print(
            f"experiment {experiment}, {tier} tier on {host_info.label(host_info.host())}: "
            f"at most {math.ceil(minutes)} min",
            file=sys.stderr,
        )
        failures += suite_runner.measure(experiment, tier, found, out, suite=able)
    return failures


def tiers_here(found: Settings) -> list[str]:
    """gpu where a GPU and an engine for it are; cpu everywhere but on a GPU host to which no CPU build was brought."""
    of_tier = engine_table.table().of_tier
    gpu = host_info.gpu() and any(found.pythons.get(name) for name in of_tier("gpu"))
    cpu = not gpu or any(found.pythons.get(name) for name in of_tier("cpu"))
    return ["gpu"] * bool(gpu) + ["cpu"] * bool(cpu)


def reference_records(experiment: str) -> list[Path]:
    return sorted((config.ROOT / config.REFERENCE / experiment).glob("*.json"))
