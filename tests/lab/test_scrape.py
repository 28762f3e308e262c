"""A server's metrics, as it writes them."""

import pytest

from experiments.lab import scrape
from experiments.lab.errors import LabError

TEXT = """# HELP vllm:time_to_first_token_seconds Histogram of time to first token in seconds.
# TYPE vllm:time_to_first_token_seconds histogram
vllm:time_to_first_token_seconds_count{model_name="m",engine="0"} %d
vllm:time_to_first_token_seconds_sum{model_name="m",engine="0"} %f
vllm:time_to_first_token_seconds_count{model_name="m",engine="1"} 0.0
vllm:time_to_first_token_seconds_sum{model_name="m",engine="1"} 0.0
"""
NAME = "vllm:time_to_first_token_seconds"


def test_the_mean_is_of_what_came_between():
    before, after = scrape.parse(TEXT % (2, 1.0)), scrape.parse(TEXT % (6, 2.0))
    assert scrape.total(after, f"{NAME}_count") == 6
    assert scrape.mean_between(before, after, NAME) == pytest.approx(0.25)


def test_nothing_observed_and_an_unknown_name_are_said():
    found = scrape.parse(TEXT % (2, 1.0))
    with pytest.raises(LabError, match="observed nothing"):
        scrape.mean_between(found, found, NAME)
    with pytest.raises(LabError, match="no metric vllm:ttft"):
        scrape.total(found, "vllm:ttft")
