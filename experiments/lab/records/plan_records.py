"""Which plan for smaller cards a host's records are of, and whether they are what that plan measures.

A record of a plan says its name in its workload. What was measured without a server, such as a cost on the host's
processor, is of every plan.
"""

from collections.abc import Sequence

from experiments.lab.errors import LabError
from experiments.lab.records.record_file import Record

WORKERS = "experiments/lab/workers/"
# The shape of each plan as the suites lay them out; tests/lab/records/test_plan_records.py holds them to each other.
SHAPES = {"24gb": "Qwen3-0.6B shape", "16gb": "Qwen3-0.6B shape"}


def plan_of(records: Sequence[Record]) -> str:
    """The plan of one host's records, "" for the large card's. LabError for records of two, for a plan that the lab
    does not know, and for a record of another shape than its plan's."""
    plans = by_plan(records)
    if len(plans) > 1:
        (_, first), (plan, other) = sorted(plans.items())[:2]
        text = f"is of plan {plan}, {first.path.name} of {called(first.plan)}: records of two plans"
        raise LabError(f"{other.path.name}: {text}; measure all of one again")
    plan = next(iter(plans), "")
    if plan and plan not in SHAPES:
        text = f"is of plan {plan}, which this lab does not know (known: {', '.join(sorted(SHAPES))})"
        raise LabError(f"{plans[plan].path.name}: {text}; measure again with one of these")
    for record in records:
        if record.plan and is_random(record) and not of_shape(record):
            text = f"was measured on {record.data['model']['name']}, and plan {plan} is of the {SHAPES[plan]}"
            raise LabError(f"{record.path.name}: {text}; measure it again")
    return plan


def by_plan(records: Sequence[Record]) -> dict[str, Record]:
    """The last record of each plan, by the plan's name, "" for the large card's."""
    return {record.plan: record for record in records if record.plan or _of_a_large_card(record)}


def called(plan: str) -> str:
    """`plan 24gb`, or `a large card`."""
    return f"plan {plan}" if plan else "a large card"


def of_shape(record: Record) -> bool:
    """Whether the record says a plan and is of that plan's shape, which may have its tokenizer's vocabulary."""
    names = {SHAPES[record.plan], f"{SHAPES[record.plan]} with Qwen's vocabulary"} if record.plan in SHAPES else set()
    return is_random(record) and record.data["model"]["name"] in names


def is_random(record: Record) -> bool:
    """Whether the record's model has random weights."""
    return bool(record.data["model"]) and record.data["model"]["weights"] == "random"


def _of_a_large_card(record: Record) -> bool:
    data = record.data
    served = not any(WORKERS in word for word in data["command"])
    return bool(data["host"]["gpu"] and data["engine"] and served and "recording" not in data)
