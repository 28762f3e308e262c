"""A worker for what post 2 says of urgent arrivals and of max_prefill_tokens: turns of SGLang's scheduler."""

import sys
from array import array
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "experiments/lab/workers"))

from headless.sglang_scheduler import Engine, answer, make_args  # noqa: E402
from sglang.srt.managers.io_struct import TokenizedGenerateReqInput  # noqa: E402
from sglang.srt.sampling.sampling_params import SamplingParams  # noqa: E402
from worker_kit.worker_io import tokens  # noqa: E402

# requests: [name, turn of arrival, tokens of prompt, tokens of answer, priority]
WORKLOAD = {"flags": {}, "kv_tokens": 500, "running": 2, "requests": [], "turns": 60}


def arrives(engine: Engine, name: str, prompt: int, answer_tokens: int, priority: int) -> None:
    """As `Engine.add`, with a priority."""
    params = SamplingParams(temperature=0.0, max_new_tokens=answer_tokens, ignore_eos=True)
    params.normalize(None)
    engine.scheduler.arrived.append(
        TokenizedGenerateReqInput(
            rid=name, input_text=None, input_ids=array("q", tokens(name, prompt)), input_embeds=None, mm_inputs=None,
            token_type_ids=None, sampling_params=params, return_logprob=False, logprob_start_len=-1,
            top_logprobs_num=0, token_ids_logprob=None, stream=False, priority=priority,
        )
    )  # fmt: skip


def measure(model: str, workload: dict) -> list[dict]:
    engine = Engine(make_args(model, **workload["flags"]), workload["kv_tokens"], running=workload["running"])
    rows = []
    for turn in range(1, workload["turns"] + 1):
        for name, at, *how in workload["requests"]:
            if at == turn:
                arrives(engine, name, *how)
        did = engine.step()
        waiting = [req.rid for req in engine.scheduler.waiting_queue]
        rows.append({**did, "waiting": waiting, "running": [req.rid for req in engine.scheduler.running_batch.reqs]})
    return [{"turns": rows, "busy": engine.busy()}]


if __name__ == "__main__":
    raise SystemExit(answer(measure, WORKLOAD))
