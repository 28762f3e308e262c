"""A server's metrics, as it writes them."""

import pytest

from experiments.lab.errors import LabError
from experiments.lab.load import engine_metrics

TEXT = """# HELP vllm:time_to_first_token_seconds Histogram of time to first token in seconds.
# TYPE vllm:time_to_first_token_seconds histogram
vllm:time_to_first_token_seconds_count{model_name="m",engine="0"} %d
vllm:time_to_first_token_seconds_sum{model_name="m",engine="0"} %f
vllm:time_to_first_token_seconds_count{model_name="m",engine="1"} 0.0
vllm:time_to_first_token_seconds_sum{model_name="m",engine="1"} 0.0
"""
NAME = "vllm:time_to_first_token_seconds"


def test_the_mean_is_of_what_came_between():
    before, after = engine_metrics.parse(TEXT % (2, 1.0)), engine_metrics.parse(TEXT % (6, 2.0))
    assert engine_metrics.total(after, f"{NAME}_count") == 6
    assert engine_metrics.mean_between(before, after, NAME) == pytest.approx(0.25)


def test_nothing_observed_and_an_unknown_name_are_said():
    found = engine_metrics.parse(TEXT % (2, 1.0))
    with pytest.raises(LabError, match="observed nothing"):
        engine_metrics.mean_between(found, found, NAME)
    with pytest.raises(LabError, match="no metric vllm:ttft"):
        engine_metrics.total(found, "vllm:ttft")
