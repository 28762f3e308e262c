"""The plan that a claim's records are of: the large card's or one for smaller cards, and never two.

A record of a plan for smaller cards says its name in its workload. What was measured without a server, such as a cost
on the host's processor, is of every plan.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from experiments.lab.errors import LabError
from experiments.lab.records import plan_records
from experiments.lab.records.record_file import Record


def said(records: Sequence[Record], where: str) -> dict[str, Any]:
    """{"plan": {"name", "shape"}} of a claim that rests on a plan for smaller cards, {} of another. `shape` is the name
    of the random-weight model, None where its records have real weights alone. LabError for records of two plans."""
    plans = plan_records.by_plan(records)
    if len(plans) > 1:
        names = ", ".join(f"{record.path.name} of {plan or 'a large card'}" for plan, record in sorted(plans.items()))
        raise LabError(f"{where}: rests on records of two plans ({names}); measure all of one, and compare there")
    name = next(iter(plans), "")
    shapes = {record.data["model"]["name"] for record in records if record.plan and plan_records.is_random(record)}
    return {"plan": {"name": name, "shape": next(iter(sorted(shapes)), None)}} if name else {}


def folder(host: str, experiment: str, environ: Mapping[str, str]) -> str:
    """Where a host's records of an experiment lie: those of the plan that LAB_PLAN names, or of the large card's."""
    plan = environ.get("LAB_PLAN")
    return f"experiments/{f'plans/{plan}' if plan else 'hosts'}/{host}/{experiment}"
