"""One median and one percentile, the same as a notebook's; what is read from decoders, on runs worked out by hand."""

import ast
import random
from pathlib import Path

import numpy as np
import pytest

from experiments.lab.load import load_trace, statistics, vllm_bench

SUITES = Path(statistics.__file__).parents[1] / "suites"


def served(kind, sent, ttft, gaps, tokens=16):
    ask = load_trace.Ask(sent, tokens, len(gaps) + 1, (), kind)
    return vllm_bench.Served(ask, sent, ttft, ttft + sum(gaps), tuple(gaps))


# A decoder with a gap of 300 ms in the middle of the window [1.0 s, 1.4 s], another that is steady.
RUN = vllm_bench.Run((
    served("decoder", 0.0, 100.0, [500.0, 450.0, 300.0, 100.0, 100.0]),  # chunks at 0.1 0.6 1.05 1.35 1.45 1.55
    served("decoder", 0.0, 100.0, [500.0, 500.0, 200.0, 90.0, 200.0]),  # at 0.1 0.6 1.1 1.3 1.39 1.59
    served("prompt", 1.0, 200.0, [10.0]),
    served("prompt", 1.1, 300.0, [10.0]),
))  # fmt: skip


def test_a_median_of_an_even_number_is_the_mean_of_the_two_middles():
    assert statistics.median([4.0, 1.0, 2.0, 8.0]) == 3.0
    assert statistics.median([4.0, 1.0, 2.0]) == 2.0
    assert statistics.median([7.0]) == 7.0


@pytest.mark.parametrize("count", [1, 2, 3, 24, 32, 90])
def test_it_is_the_statistic_that_a_notebook_computes(count):
    rng = random.Random(count)
    values = [rng.lognormvariate(3, 1) for _ in range(count)]
    assert statistics.median(values) == np.median(values)
    for share in (0, 1, 25, 50, 99, 100):
        assert statistics.percentile(values, share) == pytest.approx(np.percentile(values, share), rel=1e-12)


@pytest.mark.parametrize(("values", "share"), [([], 50), ([1.0], -1), ([1.0], 101)])
def test_no_values_and_no_such_share_are_refused(values, share):
    with pytest.raises(ValueError, match="a percentile"):
        statistics.percentile(values, share)


def test_inter_token_times_count_where_any_part_lies_in_the_window():
    assert statistics.window(RUN) == (1.0, pytest.approx(1.4))
    assert sorted(statistics.gaps_across(RUN, 1.0, 1.4)) == [90.0, 100.0, 200.0, 200.0, 300.0, 450.0, 500.0]


def test_the_window_ends_with_the_first_decoder():
    short = vllm_bench.Run((*RUN.served, served("decoder", 0.0, 100.0, [1050.0])))
    assert statistics.window(short) == (1.0, pytest.approx(1.15))


def test_a_stage_that_runs_into_the_next_is_told_in_words():
    first, second = [served("1", 0.0, 100.0, [600.0])], [served("8", 0.5, 100.0, [10.0])]
    assert statistics.stage_overrun([first, second]) == "1 requests ran 0.20 s into the next stage"
    assert statistics.stage_overrun([second, [served("8", 1.0, 100.0, [])]]) == ""


def test_no_experiment_has_a_median_of_its_own_or_another_experiments_code():
    """The digest of an experiment covers its own folder; what two of them need lies where both digests see it."""
    for path in SUITES.glob("exp*/*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom):
                module = node.module or ""
                others = module.startswith("experiments.lab.suites.exp") and path.parent.name not in module
                assert not others, f"{path}: {module}"
            if isinstance(node, ast.FunctionDef):
                assert node.name not in ("median", "percentile"), f"{path}: {node.name}"
            if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Call):
                assert getattr(node.value.func, "id", "") != "sorted", f"{path}:{node.lineno}: a median by hand"
