"""Batches of SGLang, array by array: `python sglang_step.py MODEL_FOLDER [JSON]`.

Prints one JSON object, {"workload", "rows", "stand_ins"}; two runs print the same bytes. Scheduler, loop and pools are
SGLang's (see sglang_scheduler.py), `event_loop_normal` serves the requests of vllm_step.py, and nothing of it is replaced
but the model. A row is a batch that was launched in one of the turns `turns`:

  run          "default", or "mixed" with --enable-mixed-chunk
  turn, mode   the turn of the loop, and "prefill", "decode" or "mixed"
  order        request ids; all that follows is in this order
  pool_rows    each request's row in req_to_token
  prefix_lens, extend_lens   of a batch with prompt tokens: how many tokens had keys and values, how many get them here
  seq_lens     the tokens of each request with keys and values after this batch
  slots        out_cache_loc, the slot in which each token's keys and values go
  positions    by SGLang's own compute_position_torch and clamp_position
  logits_rows  the last token of each request
  requests     {id, computed, known} before and after the turn, of the requests that have begun
  free         slots that are free, before and after
"""

import sys

import torch
from headless.sglang_scheduler import Engine, answer, make_args
from headless.sglang_state import queues, sizes
from sglang.srt.model_executor.forward_batch_info import clamp_position, compute_position_torch
from worker_kit import loop_requests

WORKLOAD = {**loop_requests.SMALL, "turns": [2, 5]}


def looked_at(engine) -> dict:
    running = [{key: each[key] for key in ("id", "computed", "known")} for each in queues(engine)["running"]]
    return {"requests": running, "free": sizes(engine)["free"]}


def arrays(batch) -> dict:
    """The arrays of a batch that was launched."""
    found = {
        "order": [req.rid for req in batch.reqs], "pool_rows": batch.req_pool_indices.tolist(),
        "seq_lens": batch.seq_lens.tolist(), "slots": batch.out_cache_loc.tolist(),
    }
    if not batch.forward_mode.is_extend():
        return found | {"positions": clamp_position(batch.seq_lens).tolist(), "logits_rows": list(range(len(batch.reqs)))}
    had, given = list(batch.prefix_lens), list(batch.extend_lens)
    positions, starts = compute_position_torch(torch.tensor(had), torch.tensor(given))
    return found | {
        "prefix_lens": had, "extend_lens": given, "positions": positions.tolist(),
        "logits_rows": [int(start) + count - 1 for start, count in zip(starts, given, strict=True)],
    }


def run(model: str, name: str, what: dict, **arguments) -> list[dict]:
    args = make_args(model, chunked_prefill_size=what["budget"], **arguments)
    engine = Engine(args, what["blocks"] * what["block_size"], running=what["max_num_seqs"])
    rows = []
    for turn in range(1, max(what["turns"]) + 1):
        loop_requests.arriving(what["requests"], turn, engine.add)
        before = looked_at(engine)
        did = engine.step()
        if turn not in what["turns"]:
            continue
        if not did["mode"]:
            raise ValueError(f"turn {turn} launched no batch: nothing to show")
        after, launched = looked_at(engine), engine.scheduler.tp_worker.launched[0]
        rows.append({"run": name, "turn": turn, "mode": did["mode"], **arrays(launched),
                     **{key: {"before": before[key], "after": after[key]} for key in before}})
    return rows


def measure(model: str, what: dict) -> list[dict]:
    return [*run(model, "default", what), *run(model, "mixed", {**what, "turns": what["turns"][:1]}, enable_mixed_chunk=True)]


if __name__ == "__main__":
    sys.exit(answer(measure, WORKLOAD))
