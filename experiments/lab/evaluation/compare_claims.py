"""What claims came to: the reference beside what was measured here, and each claim's sentence with its verdict."""

import argparse

from experiments.formats import value_format, verdict_words
from experiments.lab.analysis import notebook_runner
from experiments.lab.evaluation.committed_claims import Claim, claimed_experiments, reference_claims
from experiments.lab.evaluation.comparable_claims import comparable, other_shape
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
    """claim | reference | here | holds here, one line a claim and value; with a column that says whether the value
    here lies in the reference's range, where there are ranges. One that was measured with another shape lies in no
    range, and has no verdict where it rests on times."""
    local = {claim["id"]: claim for claim in here}
    ranged = any(claim.get("range") for claim in reference) and bool(here)
    rows: list[tuple[str, ...]] = [("claim", "reference", "here", "range", "holds")]
    for claim in reference or here:
        mine = local.get(claim["id"])
        verdict = _here(mine) if mine else f"({_answer(claim).lower()}, reference)"
        names = list(claim["values"]) or [""]
        for index, name in enumerate(names):
            label = f"{claim['id']}  {name}" if index == 0 else f"  {name}"
            theirs = _with_range(claim, name) if reference else "-"
            ours = value_format.in_terminal(mine["values"].get(name)) if mine else "not measured here"
            place = _place(claim, mine, name) if reference and mine and not other_shape(mine) else ""
            rows.append((label, theirs, ours, place, verdict if index == 0 else ""))
    if not ranged:
        rows = [(*row[:3], row[4]) for row in rows]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    lines.insert(1, "  ".join("-" * width for width in widths))
    places = {_hosts(claim) for claim in reference}
    ours_on = {_hosts(claim) for claim in here}
    note = [f"reference: {'; '.join(sorted(places))}"] if places else []
    note += [f"here: {'; '.join(sorted(ours_on))}"] if ours_on else []
    return "\n".join([f"experiment {experiment}{_shapes(here)}", *lines, *note])


def _here(mine: Claim) -> str:
    if other_shape(mine) and not comparable(mine):
        return "not comparable: times of another shape"
    return _answer(mine)


def _shapes(here: list[Claim]) -> str:
    """What the heading says of another shape than the reference's; nothing where there is none."""
    named = {f"{shape}, plan {claim['plan']['name']}" for claim in here if (shape := other_shape(claim))}
    return f", here with the {' and the '.join(sorted(named))}" if named else ""


def _verdicts(claim: Claim) -> list[bool]:
    """Whether it holds, host by host; what was evaluated on one host may say no more than that."""
    return [host["holds"] for host in claim.get("hosts") or [claim]]


def _answer(claim: Claim) -> str:
    return verdict_words.answer(_verdicts(claim))


def _hosts(claim: Claim) -> str:
    """The first host's label, and how many hosts there are where there are several."""
    count = len(_verdicts(claim))
    return claim["host"]["label"] + (f", {verdict_words.count(count)}" if count > 1 else "")


def _with_range(claim: Claim, name: str) -> str:
    """The first host's value with its interval, and what to expect on another host where that is known."""
    value, expected = claim["values"].get(name), claim.get("range", {}).get(name)
    text = value_format.in_terminal(value)
    if value is None or expected is None:
        return text
    bounds = value_format.expected(expected["low"], expected["high"], value)
    return f"{text}, expect {bounds}".replace(value_format.NARROW, " ")


def _place(claim: Claim, mine: Claim, name: str) -> str:
    value, expected = mine["values"].get(name), claim.get("range", {}).get(name)
    return verdict_words.place(value["value"], expected["low"], expected["high"]) if value and expected else ""


def claims_command(options: argparse.Namespace, found: Settings) -> int:
    for experiment in claimed_experiments(options.exp):
        for claim in reference_claims(experiment):
            verdicts = _verdicts(claim)
            shown = f"{verdict_words.verdict(verdicts):15}  {verdict_words.count(len(verdicts)):8}"
            print(f"{shown}  {claim['id']}: {filled(claim)}")
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
