"""What the workers that drive SGLang's scheduler share: its configuration, the scheduler, and a loop without a model.

Runs in SGLang's interpreter, with a GPU's packages or without them. `Scheduler` is SGLang's, made by its own `__init__`
from the arguments a server would get, with `device="cpu"`; a step is one turn of its own loop, `event_loop_normal` or
`event_loop_overlap`. So the two pools, the tree cache that `create_tree_cache` makes, `SchedulePolicy`, `PrefillAdder`,
`ScheduleBatch`, `Req` and `SchedulerBatchResultProcessor` are SGLang's and run as they are; sglang_no_device.py says what is
left out. The tree core is the default, compiled from Rust, unless the Python one is asked for.

What SGLang reads off a device it cannot know here, and is said by whoever makes an Engine: the size of the cache, the
most requests at once, the chunk size.
"""

import os
from array import array

import torch
from headless.sglang_no_device import (  # first: it sees to the packages that are not there
    STAND_INS,
    OneTurn,
    ports,
)
from headless.sglang_stand_ins import called
from sglang.srt.distributed import parallel_state
from sglang.srt.managers.io_struct import TokenizedGenerateReqInput
from sglang.srt.runtime_context import SpawnRanks, publish
from sglang.srt.sampling.sampling_params import SamplingParams
from sglang.srt.server_args import ServerArgs
from worker_kit.worker_io import answer_with

CHUNK = 8192  # tokens, the default on a GPU of 60 to 160 GB; on a CPU it is 2,048
CORE = "SGLANG_UNIFIED_RADIX_TREE_CORE_BACKEND"  # SGLang's own switch: "rust", its default, or "python"


def answer(measure, workload: dict) -> int:
    """A worker's main, as `answer_with`, that also says which packages had a stand-in. ValueError's line if one of
    them was called after all, by somebody who then went on without."""

    def checked(model: str, given: dict) -> list:
        rows = measure(model, given)
        if called:
            raise ValueError(f"a stand-in was called: {', '.join(called)}")
        return rows

    return answer_with(checked, workload, stand_ins=STAND_INS)


def make_args(model: str, **arguments) -> ServerArgs:
    """The arguments of a server, as `ServerArgs` takes them, for one without a GPU."""
    arguments = {"chunked_prefill_size": CHUNK, "log_level": "error", "watchdog_timeout": 86400.0, **arguments}
    return ServerArgs(model_path=model, device="cpu", load_format="dummy", skip_tokenizer_init=True, **arguments)


class Engine:
    """A scheduler with a cache of `kv_tokens` and at most `running` requests at once, and what its steps did.

    `overlap` takes event_loop_overlap, the default of a server: a batch is launched before the last one's tokens are
    in. `core` is the tree's, "rust" (the default) or "python"; the attribute says which one SGLang took.
    `steps` counts the turns that launched a batch. `first[id]` is about the step that admitted a request: {"step",
    "hit"}, the tokens it took from the tree. `ready[id]` is the step that completed its prompt, first token and all.
    One at a time: a new one takes the old one's place. ValueError for a cache that holds nothing.
    """

    def __init__(self, args: ServerArgs, kv_tokens: int, running: int = 256, overlap: bool = False, core: str = "rust"):
        if kv_tokens < 8:  # SGLang keeps seven back: a slot for padding, one for a token to come, five of an input
            raise ValueError(f"a cache of {kv_tokens} tokens: no request fits into fewer than 8")
        if core not in ("rust", "python"):
            raise ValueError(f"a tree core {core!r}: there are rust and python")
        os.environ[CORE] = core
        args.disable_overlap_schedule = not overlap
        if torch.distributed.is_initialized():
            parallel_state.destroy_model_parallel()
            parallel_state.destroy_distributed_environment()
        publish(args, role="scheduler", ranks=SpawnRanks(world_rank=0, dp_rank=None, gpu_id=0))
        self.scheduler = OneTurn(args, ports(), kv_tokens, running)
        self.cache, self.pool = self.scheduler.tree_cache, self.scheduler.token_to_kv_pool_allocator
        self.core = "rust" if type(self.cache.tree_core).__name__.startswith("Rust") else "python"
        self.kv_tokens, self.steps, self.first, self.ready, self.requests = kv_tokens, 0, {}, {}, {}

    def add(self, name: str, prompt: list[int], answer: int) -> None:
        """A request as the scheduler gets it. ValueError for one that it would cut short or turn away."""
        most, input_most = self.scheduler.max_req_len - 1, self.scheduler.max_req_input_len - 1
        asked = f"a prompt of {len(prompt)} tokens with {answer} to come"
        if len(prompt) + answer > (longest := self.scheduler.model_config.context_len):
            raise ValueError(f"{asked}: the model takes {longest} together")
        if len(prompt) + answer > most or len(prompt) > input_most:
            raise ValueError(f"{asked}: here {most} fit together, {input_most} of them prompt ({self.kv_tokens} cached)")
        params = SamplingParams(temperature=0.0, max_new_tokens=answer, ignore_eos=True)
        params.normalize(None)
        self.scheduler.arrived.append(TokenizedGenerateReqInput(
            rid=name, input_text=None, input_ids=array("q", prompt), input_embeds=None, mm_inputs=None,
            token_type_ids=None, sampling_params=params, return_logprob=False, logprob_start_len=-1,
            top_logprobs_num=0, token_ids_logprob=None, stream=False,
        ))

    def step(self) -> dict:
        """One turn of the loop: {"mode": "prefill", "decode", "mixed" or None, "given": {request: tokens}, "hits":
        {admitted: tokens from the tree}, "retracted": [...], "finished": [...]}. `given` is in the batch's order."""
        sched, launched = self.scheduler, self.scheduler.tp_worker.launched
        launched.clear()
        before = {name: (req.retraction_count, req.finished()) for name, req in self.requests.items()}
        waited = {req.rid for req in (*sched.waiting_queue, *sched.arrived)}
        sched.turn()
        batch = launched[0] if launched else None
        for req in [*(batch.reqs if batch else []), *sched.waiting_queue]:
            self.requests[req.rid] = req
        did = {"mode": None, "given": {}, "hits": {}}
        if batch:
            did |= self._launched(batch, waited)
        for key, which in (("retracted", 0), ("finished", 1)):
            now = {name: (req.retraction_count, req.finished()) for name, req in self.requests.items()}
            did[key] = [name for name in now if now[name][which] > before.get(name, (0, False))[which]]
        return did

    def _launched(self, batch, waited: set) -> dict:
        self.steps += 1
        if not batch.forward_mode.is_extend():
            return {"mode": "decode", "given": {req.rid: 1 for req in batch.reqs}}
        decoding = {req.rid for req in batch.decoding_reqs or ()}
        given, hits = {}, {}
        for req, taken, had in zip(batch.reqs, batch.extend_lens, batch.prefix_lens, strict=True):
            given[req.rid] = taken
            if req.rid in decoding:
                continue
            if req.rid in waited:
                hits[req.rid] = had
                self.first.setdefault(req.rid, {"step": self.steps, "hit": had})
            if had + taken >= len(req.origin_input_ids):
                self.ready.setdefault(req.rid, self.steps)
        return {"mode": "mixed" if decoding else "prefill", "given": given, "hits": hits}

    def busy(self) -> bool:
        """Whether a request is on its way, waits, runs, or has a result to come."""
        return bool(self.scheduler.arrived) or not self.scheduler.is_fully_idle()

    def run(self, until=lambda: False) -> None:
        """Steps until `until()`, or until nothing is left. ValueError when requests are left that get nothing."""
        idle = 0
        while not until() and self.busy():
            idle = 0 if self.step()["mode"] else idle + 1
            if idle > 2:  # the overlapping loop has one such turn before it hears of the last token
                raise ValueError(f"{len(self.scheduler.waiting_queue)} requests wait for ever: the cache is too small")
