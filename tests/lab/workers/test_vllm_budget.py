"""How vLLM's scheduler shares out a step, against the rule written down again here."""

import json

import pytest

from tests.lab.fakes import engine_worker

pytestmark = pytest.mark.engine
SMALL = {
    "max_model_len": 256, "kv_tokens": 4096, "budgets": [40, 64, 150], "decoders": 4, "decoder_prompt": 20,
    "decoder_output": 60, "prompts": [1, 3], "prompt_tokens": 100, "prompt_output": 2, "tight_decoder_output": 8,
}


@pytest.fixture(scope="module")
def line(engine_python):
    return engine_worker.printed(engine_python, "vllm_budget.py", SMALL)


@pytest.fixture(scope="module")
def rows(line):
    return json.loads(line)["rows"]


def runs(rows):
    """(run, its steps) for each run."""
    for run in (row for row in rows if row["kind"] == "run"):
        mine = (run["budget"], run["prompts"])
        yield run, [row for row in rows if row["kind"] == "step" and (row["budget"], row["prompts"]) == mine]


def by_rule(budget: int, prompts: int, chunked: bool, decoders: int = 4) -> list:
    """What each step gives to chunks by the rule: running requests first, each what it lacks, then the waiting in the
    order of arrival until the budget is spent; without chunking the first that does not fit whole stops the rest."""
    left, decoded, steps = [SMALL["prompt_tokens"]] * prompts, [0] * prompts, []
    while any(left):
        budget_left, given = budget - decoders, {}
        past = [n for n in range(prompts) if not left[n] and decoded[n] < SMALL["prompt_output"] - 1]
        budget_left -= len(past)
        for number in range(prompts):
            if left[number] and budget_left > 0:
                if not chunked and left[number] > budget_left:
                    break
                given[str(number)] = min(left[number], budget_left)
                budget_left -= given[str(number)]
                left[number] -= given[str(number)]
        for number in past:
            decoded[number] += 1
        steps.append(given)
    return steps


def test_another_process_with_other_hashes_prints_the_same_bytes(line, engine_python):
    assert engine_worker.printed(engine_python, "vllm_budget.py", SMALL, seed="7") == line


def test_every_step_is_the_rules(rows):
    seen = {}
    for run, steps in runs(rows):
        if run["budget"] != "off-tight":
            expected = by_rule(run["max_num_batched_tokens"], run["prompts"], run["chunked"])
            assert [step["prefill"] for step in steps] == expected, (run["budget"], run["prompts"])
            assert run["chunked"] == (run["budget"] != "off")
            seen[run["budget"], run["prompts"]] = run["first_token"]
    assert seen == {
        # 100 tokens in chunks of 36, 60, 146 and 252: a budget less a token for each of four decoders
        ("40", 1): [3], ("64", 1): [2], ("150", 1): [1], ("off", 1): [1],
        ("40", 3): [3, 6, 9], ("64", 3): [2, 4, 6], ("150", 3): [1, 2, 3], ("off", 3): [1, 1, 2],
    }


def test_no_step_exceeds_its_budget_and_none_skips_a_decode(rows):
    for run, steps in runs(rows):
        assert steps[-1]["step"] == len(steps) == max(run["first_token"])
        for step in steps:
            assert step["tokens"] == step["decoder_tokens"] + sum(step["prefill"].values()) + step["prompt_decodes"]
            assert step["tokens"] <= run["max_num_batched_tokens"]
            assert step["idle"] == []
            if run["budget"] != "off-tight":
                assert step["decoders"] == step["decoder_tokens"] == 4
            if step["waiting"] and run["chunked"]:
                assert step["tokens"] == run["max_num_batched_tokens"], "a prompt waits although there is room"


def test_a_prompt_that_must_not_be_cut_waits_until_the_decoders_are_gone(rows):
    """100 tokens and 4 decodes do not fit 102; the decoders have one token of their 8 when the prompt arrives."""
    for run, steps in runs(rows):
        if run["budget"] == "off-tight":
            assert (run["max_num_batched_tokens"], run["chunked"]) == (102, False)
            assert run["first_token"] == [8, 9, 10][: run["prompts"]]
            assert all(step["decoders"] == 4 and step["waiting"] for step in steps[:7])


def test_both_schedulers_give_out_the_same(rows):
    assert all(run["asynchronous_same"] for run, _ in runs(rows))


def test_configurations_that_do_not_go_together_are_refused(rows):
    cases = {row["case"]: row for row in rows if row["kind"] == "config"}
    refused = cases["off, budget below max_model_len"]
    assert refused["raises"] == "ValidationError"
    assert refused["message"].startswith("max_num_batched_tokens (32) is smaller than max_model_len (256).")
    assert "max_num_seqs" in cases["budget below max_num_seqs"]["message"]
    free = cases["off, no budget, no max_model_len"]
    assert free["max_num_batched_tokens"] == free["max_model_len"] == 40960 and not free["chunked"]


def test_what_cannot_be_run_is_refused_in_one_line(engine_python):
    long, brief, small = engine_worker.ends(engine_python, "vllm_budget.py", [
        {**SMALL, "prompt_tokens": 255}, {**SMALL, "decoder_output": 1}, {**SMALL, "kv_tokens": 128},
    ])
    assert long == "a prompt of 255 tokens with 2 to come: the model takes 256 together"
    assert brief.endswith("decoders ended before the last one's prompt was computed: give them more output")
    assert small.startswith("To serve at least one request with the model's max seq len (256)") and "\n" not in small
