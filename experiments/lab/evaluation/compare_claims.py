"""What claims came to: the reference beside what was measured here, and each claim's sentence with its verdict."""

import argparse

from experiments.formats import value_format, verdict_words
from experiments.lab.analysis import notebook_runner
from experiments.lab.evaluation.committed_claims import Claim, claimed_experiments, reference_claims
from experiments.lab.fleets import suite_runner
from experiments.lab.host import config
from experiments.lab.host.config import Settings


def both(experiment: str, reference_only: bool = False) -> tuple[list[Claim], list[Claim], dict[str, str]]:
    """(reference claims, claims evaluated on the records made here, {id: why it was left out})."""
    reference = reference_claims(experiment)
    if reference_only or not any((config.ROOT / config.LOCAL / experiment).glob("*.json")):
        return reference, [], {}
    book = notebook_runner.evaluate(experiment, "local", config.ROOT)
    return reference, book.claims, book.skipped


def table(experiment: str, reference: list[Claim], here: list[Claim], skipped: dict[str, str]) -> str:
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
            theirs = value_format.in_terminal(claim["values"].get(name)) if reference else "-"
            ours = value_format.in_terminal(mine["values"].get(name)) if mine else "not measured here"
            rows.append((label.strip() if first else label, theirs, ours, verdict if index == 0 else ""))
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    lines.insert(1, "  ".join("-" * width for width in widths))
    places = {claim["host"]["label"] for claim in reference}
    ours_on = {claim["host"]["label"] for claim in here}
    note = [f"reference: {'; '.join(sorted(places))}"] if places else []
    note += [f"here: {'; '.join(sorted(ours_on))}"] if ours_on else []
    return "\n".join([f"experiment {experiment}", *lines, *note])


def claims_command(options: argparse.Namespace, found: Settings) -> int:
    for experiment in claimed_experiments(options.exp):
        for claim in reference_claims(experiment):
            print(f"{verdict_words.verdict(claim['holds']):13}  {claim['id']}: {filled(claim)}")
    return 0


def compare_command(options: argparse.Namespace, found: Settings) -> int:
    for experiment in [options.exp] if options.exp else suite_runner.experiments():
        print(table(experiment, *both(experiment)))
    return 0


def filled(claim: Claim) -> str:
    """The sentence with its values in it, intervals left out."""
    text = claim["sentence"]
    for name, value in claim["values"].items():
        text = text.replace(f"{{{name}}}", value_format.in_terminal(value).partition(" [")[0])
    return text
