"""What a run with a plan for smaller cards says before it starts: the shape, how long, and what can be compared."""

import math
import textwrap
from collections.abc import Sequence

from experiments.lab.errors import LabError
from experiments.lab.evaluation.committed_claims import Claim, reference_claims
from experiments.lab.evaluation.comparable_claims import comparable
from experiments.lab.fleets import suite_runner
from experiments.lab.host import card_memory, config, host_info
from experiments.lab.suites.common import plan
from experiments.lab.suites.common.plan import LARGE, PLAN

WIDTH = 118
# Minutes beyond the fleets' own: experiment 03 with plan 24gb, measured alone, took 5.5 in place of 3.9, and starts of
# servers were 3.5 of them. Experiments that are measured together share starts and what is compiled.
ALONE = 2


def lines(experiments: Sequence[str], reference: bool = False) -> list[str]:
    """The lines about these experiments; none with the plan of a large card, or on one that is too small for any, of
    which each experiment says so. LabError for a small plan's records as the `reference`."""
    if not PLAN.small or plan.card_gib() < plan.PLANS[-1].from_gib:
        return []
    if reference:
        raise LabError(
            f"--reference: the reference is of the {LARGE.shape}, and this card takes plan {PLAN.name}; measure "
            f"without it, and keep the records in experiments/plans/{PLAN.name}"
        )
    shapes = f"the {PLAN.shape} in place of the {LARGE.shape}, random weights both"
    told, total = [f"{_card()}: plan {PLAN.name}, {shapes}"], 0.0
    for experiment in experiments:
        fleets = suite_runner.fleets(experiment, "gpu")
        minutes = sum(fleet.minutes for fleet in fleets)
        total += minutes
        servers = {server.name for fleet in fleets for server in fleet.servers}
        told.append(f"experiment {experiment}: {len(servers)} servers in {_fleets(fleets)}, {math.ceil(minutes)} min")
        told += _compared([claim for claim in reference_claims(experiment) if claim["tier"] == "gpu"])
    return [
        *told,
        f"about {math.ceil(total)} min in all, of an experiment alone {ALONE} more, for its servers' starts",
        "pools and loads are others than the reference's",
    ]


def _card() -> str:
    card, gib = host_info.gpu(), plan.card_gib()
    name = card["name"] if card else "this GPU"
    if config.card_gib() is None or (card_memory.card_gib() or gib) == gib:
        return f"{name}, {gib:.1f} GiB"
    return f"{name}, capped to {gib:g} GiB"


def _fleets(fleets: Sequence[object]) -> str:
    return f"{len(fleets)} fleet{'s' * (len(fleets) != 1)}"


def _compared(claims: Sequence[Claim]) -> list[str]:
    """Which claims can be set beside the reference."""
    named = [claim["id"] for claim in claims if comparable(claim)]
    if not claims:
        return []
    text = f"{len(named)} of {len(claims)} claims can be compared, where it is measured: {', '.join(named)}"
    return textwrap.wrap(text, WIDTH, initial_indent="  ", subsequent_indent="  ", break_on_hyphens=False)
