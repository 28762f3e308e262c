"""How a verdict is worded, on a claim's card and in the terminal alike.

A claim is evaluated on each host by itself, so a verdict is a sequence of booleans, one a host, at least one.
"""

import math
from collections.abc import Sequence

IN_RANGE, OUTSIDE = "in range", "outside"


def verdict(hosts: Sequence[bool]) -> str:
    """`holds` where it does on every host, `holds on 2 of 3` where not, `does not hold` where it does on none."""
    return {"true": "holds", "some": f"holds on {sum(hosts)} of {len(hosts)}", "false": "does not hold"}[state(hosts)]


def state(hosts: Sequence[bool]) -> str:
    """Which of three a verdict is, for its colour and its mark: `true`, `some` (of the hosts) or `false`."""
    return "true" if all(hosts) else "some" if any(hosts) else "false"


def answer(hosts: Sequence[bool]) -> str:
    """The verdict as an answer in a table: `yes`, `yes on 2 of 3`, `NO`."""
    return {"true": "yes", "some": f"yes on {sum(hosts)} of {len(hosts)}", "false": "NO"}[state(hosts)]


def count(hosts: int) -> str:
    """`1 host`, `3 hosts`."""
    return f"{hosts} host{'' if hosts == 1 else 's'}"


def on_hosts(hosts: Sequence[bool]) -> str:
    """The verdict with its hosts, for a mark: `holds on 3 of 3 hosts`, `does not hold on any of 3 hosts`; of one host
    `holds on the one host measured`."""
    if len(hosts) == 1:
        return f"{verdict(hosts)} on the one host measured"
    if not any(hosts):
        return f"does not hold on any of {len(hosts)} hosts"
    return f"holds on {sum(hosts)} of {len(hosts)} hosts"


def holds_on(hosts: Sequence[bool]) -> str:
    """On how many hosts, for a sentence that says `on ...`: `all 3 hosts`, `2 of 3 hosts`, `none of 3 hosts`; of one
    host `the one host measured` or `no host`."""
    if len(hosts) == 1:
        return "the one host measured" if hosts[0] else "no host"
    how_many = {"true": "all", "some": f"{sum(hosts)} of", "false": "none of"}[state(hosts)]
    return f"{how_many} {len(hosts)} hosts"


def place(value: float, low: float, high: float) -> str:
    """Whether a value measured elsewhere lies in the range that was to be expected, both ends included: a range of one
    point, as of a count, may have been computed by way of logarithms."""
    ends = (math.isclose(value, end, rel_tol=1e-9, abs_tol=1e-12) for end in (low, high))
    return IN_RANGE if low <= value <= high or any(ends) else OUTSIDE
