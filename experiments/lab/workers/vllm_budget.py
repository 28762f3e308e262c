"""How vLLM's scheduler shares out a step's token budget, without a server: `python vllm_budget.py MODEL_FOLDER [JSON]`.

Prints one JSON object, {"workload", "rows"}; two runs print the same bytes. JSON overrides keys of WORKLOAD. The
scheduler is vLLM's (see vllm_scheduler.py); nothing is timed, no model runs. Some requests are decoding, their prompts
computed, when long prompts arrive, all at once; step 1 is the first step after that.

A row is one step:
  kind "step", budget (a label), prompts (how many arrived), step, tokens (all of the step's);
  decoders, decoder_tokens: how many of those that were decoding got something, and their tokens;
  prefill: {prompt's number: tokens of its chunk}, in the order in which the scheduler gave them out;
  prompt_decodes: tokens for those of the long prompts that are past their prefill;
  waiting: numbers of the prompts that were not admitted yet, idle: of those admitted that got nothing in this step.
  Steps run until every prompt has its first token.
A row a run:
  kind "run", budget, prompts, chunked (bool), max_num_batched_tokens, max_model_len, first_token: for each prompt the
  step whose forward pass gives its first token; asynchronous_same: whether AsyncScheduler, which schedules a step
  before the last one's tokens are in, gave out the same tokens in each of these steps.
A row a configuration that vLLM was asked for:
  kind "config", case (its name), arguments, and either what came of it (max_num_batched_tokens, max_num_seqs,
  max_model_len, chunked), where defaults are those of a CPU, which a GPU's exceed, or raises (the exception's class)
  and message (one line).

Budget labels: a number is --max-num-batched-tokens; "off" is chunked prefill off with a budget of max_model_len, the
least that vLLM then takes; "off-tight" is off with a prompt that fits the budget only while fewer requests decode.

Samples of the record `budget-vllm`, labels budget, prompts: steps_to_first_token (count), a value a prompt in order of
arrival; decode_tokens and prefill_tokens (tokens), a value a step: all tokens of requests past their prefill, and all
tokens of chunks; budget_tokens (tokens), one value: max_num_batched_tokens as the configuration has it.
"""

import sys

from headless.vllm_scheduler import Engine, answer_with, make_config, refusal, tokens

WORKLOAD = {
    "max_model_len": 16384, "kv_tokens": 80_000, "budgets": [512, 1024, 2048, 4096, 8192, 16384],
    "decoders": 32, "decoder_prompt": 256, "decoder_output": 256,
    "prompts": [1, 5], "prompt_tokens": 8192, "prompt_output": 16, "tight_decoder_output": 24,
}


def runs(what: dict):
    """(label, engine arguments, the decoders' output) of each configuration that is run."""
    length = what["max_model_len"]
    for budget in what["budgets"]:
        yield str(budget), {"max_num_batched_tokens": budget, "max_model_len": length}, what["decoder_output"]
    off = {"enable_chunked_prefill": False}
    yield "off", {"max_num_batched_tokens": length, "max_model_len": length, **off}, what["decoder_output"]
    tight = what["prompt_tokens"] + what["prompt_output"]
    yield "off-tight", {"max_num_batched_tokens": tight, "max_model_len": tight, **off}, what["tight_decoder_output"]


def steps(config, what: dict, count: int, output: int, asynchronous: bool = False) -> tuple[list[dict], list[int]]:
    """The steps until all of `count` long prompts have a first token, and the step of each one's first token."""
    engine = Engine(config, what["kv_tokens"], asynchronous)
    decoders = [f"d{number}" for number in range(what["decoders"])]
    prompts = {f"p{number}": number for number in range(count)}
    for name in decoders:
        engine.add(name, tokens(name, what["decoder_prompt"]), output)
    engine.run(until=lambda: all(name in engine.ready for name in decoders))
    if lost := [name for name in decoders if name not in engine.scheduler.requests]:
        raise ValueError(f"{len(lost)} decoders ended before the last one's prompt was computed: give them more output")
    before, rows = engine.steps, []
    for name in prompts:
        engine.add(name, tokens(name, what["prompt_tokens"]), what["prompt_output"])
    while not all(name in engine.ready for name in prompts):
        ready = set(engine.ready)
        given = engine.step()
        if not given:
            raise ValueError("no step can be made while prompts wait: the cache is too small for what runs")
        rows.append(split(engine, given, ready, prompts, engine.steps - before))
    return rows, [engine.ready[name]["step"] - before for name in prompts]


def split(engine: Engine, given: dict, ready: set, prompts: dict, step: int) -> dict:
    """What one step gave to whom; `ready` are those whose prompts were complete before it."""
    decoders = [count for name, count in given.items() if name not in prompts]
    return {
        "step": step, "tokens": sum(given.values()), "decoders": len(decoders), "decoder_tokens": sum(decoders),
        "prefill": {str(prompts[name]): n for name, n in given.items() if name in prompts and name not in ready},
        "prompt_decodes": sum(n for name, n in given.items() if name in prompts and name in ready),
        "waiting": [number for name, number in prompts.items() if name not in engine.first],
        "idle": [number for name, number in prompts.items()
                 if name in engine.first and name not in given and name in engine.scheduler.requests],
    }


def configurations(model: str, what: dict) -> list[dict]:
    """What vLLM makes of arguments that do not go together, or that say less than everything."""
    length = what["max_model_len"]
    cases = {
        "off, budget below max_model_len": {
            "max_num_batched_tokens": length // 8, "max_model_len": length, "enable_chunked_prefill": False},
        "off, no budget": {"max_model_len": length, "enable_chunked_prefill": False},
        "off, no budget, no max_model_len": {"enable_chunked_prefill": False},
        "no budget": {"max_model_len": length},
        "budget below max_num_seqs": {"max_num_batched_tokens": 64, "max_num_seqs": 128, "max_model_len": length},
        "budget of 64, no max_num_seqs": {"max_num_batched_tokens": 64, "max_model_len": length},
    }
    rows = []
    for case, arguments in cases.items():
        row = {"kind": "config", "case": case, "arguments": arguments}
        try:
            config = make_config(model, **arguments)
        except ValueError as error:
            rows.append({**row, "raises": type(error).__name__, "message": refusal(error)})
            continue
        scheduler = config.scheduler_config
        rows.append({**row, "max_num_batched_tokens": scheduler.max_num_batched_tokens,
                     "max_num_seqs": scheduler.max_num_seqs, "max_model_len": config.model_config.max_model_len,
                     "chunked": scheduler.enable_chunked_prefill})
    return rows


def measure(model: str, what: dict) -> list[dict]:
    rows = configurations(model, what)
    for label, arguments, output in runs(what):
        config = make_config(model, **arguments)
        scheduler = config.scheduler_config
        for count in what["prompts"]:
            found, first = steps(config, what, count, output)
            again, _ = steps(config, what, count, output, asynchronous=True)
            rows.append({
                "kind": "run", "budget": label, "prompts": count, "chunked": scheduler.enable_chunked_prefill,
                "max_num_batched_tokens": scheduler.max_num_batched_tokens,
                "max_model_len": config.model_config.max_model_len, "first_token": first,
                "asynchronous_same": found == again,
            })
            rows += [{"kind": "step", "budget": label, "prompts": count, **each} for each in found]
    return rows


if __name__ == "__main__":
    sys.exit(answer_with(measure, WORKLOAD))
