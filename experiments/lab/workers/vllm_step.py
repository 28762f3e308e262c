"""One step of vLLM, array by array: `python vllm_step.py MODEL_FOLDER [JSON]`.

Prints one JSON object, {"workload", "rows"}; two runs print the same bytes. The requests are those of vllm_loop.py. The
scheduler is vLLM's (see vllm_scheduler.py) and schedules up to step `step`; what it then hands over goes through the
functions with which the V2 model runner makes a batch of it, vLLM's too: the order of the requests
(`sort_batch_req_ids`), and the kernels of input_batch.py and block_table.py. They are Triton's and run here in Triton's
own interpreter, on the CPU. No model runs: whoever has a logits row that counts gets the same token.

Rows:
  requests   of each request {id, computed, known, blocks}, before and after the step
  handed     what the scheduler hands over: {given, new: [{id, computed, prompt, blocks}], cached: [{id, computed, blocks}]};
             `blocks` of a request that the runner has already are the new ones
  batch      order (request ids), query_start_loc, positions, slots, seq_lens, logits_rows, tokens (of each request, how
             many sampled tokens count), computed (of each, the runner's own count after the step)
"""

import os
import sys
import types

os.environ["TRITON_INTERPRET"] = "1"  # before the first import of Triton

from triton.backends import backends  # noqa: E402

# vLLM's CPU build switches Triton off when there is no driver for a CPU; the interpreter needs none.
backends.setdefault("cpu", types.SimpleNamespace(driver=None, compiler=None))

import torch  # noqa: E402
from headless.vllm_scheduler import BLOCK, Engine, answer_with, make_config  # noqa: E402
from vllm.v1.worker.gpu import block_table, input_batch  # noqa: E402
from vllm.v1.worker.gpu.model_runner import sort_batch_req_ids  # noqa: E402
from worker_kit import loop_requests  # noqa: E402

WORKLOAD = {**loop_requests.SMALL, "step": 2}


def requests(engine) -> list[dict]:
    """What the scheduler knows of each running request."""
    return [
        {"id": each.request_id, "computed": each.num_computed_tokens, "known": each.num_tokens,
         "prompt": each.num_prompt_tokens, "blocks": list(engine.manager.get_block_ids(each.request_id)[0])}
        for each in engine.scheduler.running
    ]


def handed(output) -> dict:
    """The parts of a SchedulerOutput from which a batch is made."""
    cached = output.scheduled_cached_reqs
    return {
        "given": dict(output.num_scheduled_tokens),
        "new": [{"id": new.req_id, "computed": new.num_computed_tokens, "prompt": len(new.prompt_token_ids),
                 "blocks": list(new.block_ids[0])} for new in output.scheduled_new_reqs],
        "cached": [{"id": name, "computed": computed, "blocks": list(blocks[0]) if blocks else []}
                   for name, computed, blocks in zip(cached.req_ids, cached.num_computed_tokens, cached.new_block_ids,
                                                     strict=True)],
    }


def batch(given: dict, states: list[dict]) -> dict:
    """What the runner makes of it, as `prepare_inputs`, `prepare_attn` and `postprocess_sampled` do; row i of its
    tables is the i-th of `states`."""
    rows = {state["id"]: row for row, state in enumerate(states)}
    order = sort_batch_req_ids(given, {}, 1)
    count, total = len(order), sum(given.values())
    longest = max(state["prompt"] for state in states)

    def whole(values, dtype=torch.int32):
        return torch.tensor(values, dtype=dtype)

    computed, prompt = whole([s["computed"] for s in states]), whole([s["prompt"] for s in states])
    known = whole([s["known"] for s in states])
    all_ids = torch.zeros((len(states), longest), dtype=torch.int32)
    last = torch.zeros((len(states), 1), dtype=torch.int64)
    table = torch.zeros((len(states), max(len(s["blocks"]) for s in states)), dtype=torch.int32)
    for row, state in enumerate(states):
        table[row, : len(state["blocks"])] = whole(state["blocks"])
    chosen = whole([rows[name] for name in order], torch.int64)
    starts = torch.cat([whole([0]), whole([given[name] for name in order]).cumsum(0).to(torch.int32)])
    logits = torch.arange(count + 1, dtype=torch.int32)
    ids, positions = torch.zeros(total, dtype=torch.int32), torch.zeros(total, dtype=torch.int64)
    seq_lens, slots = torch.zeros(count, dtype=torch.int32), torch.zeros((1, total), dtype=torch.int64)

    input_batch.prepare_prefill_inputs(ids, torch.zeros((1, len(states)), dtype=torch.int32), chosen, starts, all_ids,
                                       prompt, computed)
    input_batch.prepare_pos_seq_lens(chosen, starts, computed, positions, seq_lens)
    logits_rows = input_batch.combine_sampled_and_draft_tokens(
        ids, chosen, last, starts, seq_lens, prompt, torch.zeros((len(states), 0), dtype=torch.int64), logits, count)
    block_table._compute_slot_mappings_kernel[(1, count + 1)](
        total, chosen, starts, positions, whole([table.data_ptr()], torch.uint64), whole([table.stride(0)], torch.int64),
        whole([BLOCK]), torch.tensor([True]), torch.tensor([False]), slots, slots.stride(0), 0,
        CP_SIZE=1, CP_INTERLEAVE=1, PAD_ID=-1, TRITON_BLOCK_SIZE=1024)
    tokens, rejected = input_batch.get_num_sampled_and_rejected(
        torch.ones(count, dtype=torch.int32), seq_lens, logits, chosen, prompt)
    input_batch.post_update(chosen, computed, last, None, torch.zeros((count, 1), dtype=torch.int64), tokens, rejected,
                            starts, torch.zeros((len(states), longest + 1), dtype=torch.int32), known)
    return {
        "order": order, "query_start_loc": starts.tolist(), "positions": positions.tolist(), "slots": slots[0].tolist(),
        "seq_lens": seq_lens.tolist(), "logits_rows": logits_rows.tolist(), "tokens": tokens.tolist(),
        "computed": [int(computed[rows[name]]) for name in order],
    }


class Watched(Engine):
    """An engine that keeps what its scheduler handed over last."""

    def _count_allocations(self) -> None:
        """Nothing of the manager is wrapped."""

    def _answer(self, given: dict):
        self.given = given
        return super()._answer(given)


def measure(model: str, what: dict) -> list[dict]:
    config = make_config(model, max_num_batched_tokens=what["budget"], max_model_len=what["max_model_len"],
                         block_size=what["block_size"], max_num_seqs=what["max_num_seqs"])
    engine = Watched(config, (what["blocks"] + 1) * what["block_size"])  # one block is no one's
    schedule, seen = engine.scheduler.schedule, {}

    def watched(*args, **options):
        """`schedule`, and what stood there before it and after it."""
        before = {each["id"]: each for each in requests(engine)}
        output = schedule(*args, **options)
        tables = requests(engine)
        # A request that comes in with this step had nothing before it; its table is the one it is given here.
        seen["states"] = [{**state, "computed": before.get(state["id"], {"computed": 0})["computed"]} for state in tables]
        seen["before"], seen["handed"] = list(before.values()), handed(output)
        return output

    engine.scheduler.schedule = watched
    for number in range(1, what["step"] + 1):
        loop_requests.arriving(what["requests"], number, engine.add)
        if not engine.step():
            raise ValueError(f"step {number} has no request: nothing to show")
    return [
        {"kind": "requests", "before": seen["before"], "after": requests(engine)},
        {"kind": "handed", **seen["handed"]},
        {"kind": "batch", **batch(seen["handed"]["given"], seen["states"])},
    ]


if __name__ == "__main__":
    sys.exit(answer_with(measure, WORKLOAD))
