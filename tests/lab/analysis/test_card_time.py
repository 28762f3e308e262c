"""Two records of one run overlap; two runs add up."""

import types

import pytest

from experiments.lab.analysis import card_time
from experiments.lab.errors import LabError


def record(at, started, wall_s):
    return types.SimpleNamespace(probes={"at": at}, data={"started": started, "wall_s": wall_s})


def test_a_run_lasts_from_its_probes_to_its_last_record_and_runs_add_up():
    first, second = "2026-11-24T02:34:00Z", "2026-11-24T02:45:00Z"
    found = [
        record(first, "2026-11-24T02:36:00Z", 60.0),
        record(first, "2026-11-24T02:36:30Z", 90.0),  # ends 4 min after the probes
        record(second, "2026-11-24T02:47:00Z", 30.0),  # 2.5 min after
    ]
    assert card_time.minutes(found) == pytest.approx(6.5)


def test_no_records_have_no_time():
    with pytest.raises(LabError, match="minutes of no records"):
        card_time.minutes([])
