"""What the workers that drive vLLM's scheduler share: its configuration, the scheduler, and a loop without a model.

Runs in vLLM's interpreter. Configuration, scheduler, KV cache manager, block pool and hashes are vLLM's, made as
`EngineCore.__init__` makes them for the model in the folder; a step is `schedule`, then `update_from_output`, as in
`EngineCore.step`. The model is stood in for: each request whose prompt is complete gets the same token, since nothing
here depends on a token's value. No tensor is made: the size of the cache is a number of blocks.
"""

import os

os.environ.setdefault("VLLM_LOGGING_LEVEL", "ERROR")
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("PYTHONHASHSEED", "0")  # block hashes start from random bytes without it

import torch  # noqa: E402  (the settings above must be in the environment first)
from vllm.engine.arg_utils import EngineArgs  # noqa: E402
from vllm.sampling_params import SamplingParams  # noqa: E402
from vllm.usage.usage_lib import UsageContext  # noqa: E402
from vllm.utils.hashing import get_hash_fn_by_name  # noqa: E402
from vllm.v1.attention.backends.utils import resolve_kv_cache_layout  # noqa: E402
from vllm.v1.core.kv_cache_utils import (  # noqa: E402
    generate_scheduler_kv_cache_config,
    get_kv_cache_configs,
    get_request_block_hasher,
    init_none_hash,
    resolve_kv_cache_block_sizes,
)
from vllm.v1.core.single_type_kv_cache_manager import register_all_kvcache_specs  # noqa: E402
from vllm.v1.kv_cache_interface import FullAttentionSpec  # noqa: E402
from vllm.v1.outputs import ModelRunnerOutput  # noqa: E402
from vllm.v1.request import Request  # noqa: E402
from vllm.v1.structured_output import StructuredOutputManager  # noqa: E402
from worker_kit.worker_io import TOKEN, answer_with, refusal, tokens  # noqa: E402, F401  (workers take them from here)

BLOCK = 16  # tokens, a GPU's default; the CPU build would take more


def make_config(model: str, **arguments):
    """The configuration `vllm serve` would make from these arguments. ValueError as vLLM raises it."""
    os.environ["VLLM_USE_V2_MODEL_RUNNER"] = "0"  # the configuration refuses the other on a CPU
    return EngineArgs(
        model=model, enforce_eager=True, disable_log_stats=False, **{"block_size": BLOCK, **arguments}
    ).create_engine_config(usage_context=UsageContext.OPENAI_API_SERVER)


class Engine:
    """A scheduler with a cache of `kv_tokens`, and what its steps did. `block` is the tokens of a block.

    `steps` counts the calls of `schedule` that gave work. `first[id]` is what the step that admitted a request said:
    {"step", "hit"}, the tokens it then had already. `ready[id]` is about the step that completed its prompt, whose
    forward pass gives the first token: {"step", "blocks", "new_blocks"}, the blocks in its table and how many of them
    the pool had handed out for it. `asynchronous` takes AsyncScheduler, a GPU's default, and schedules a step before
    the last one's tokens are in.
    """

    def __init__(self, config, kv_tokens: int, asynchronous: bool = False):
        config.scheduler_config.async_scheduling = asynchronous
        register_all_kvcache_specs(config)
        model, parallel = config.model_config, config.parallel_config
        self.block = config.cache_config.block_size
        spec = FullAttentionSpec(
            block_size=self.block, num_kv_heads=model.get_num_kv_heads(parallel), head_size=model.get_head_size(),
            dtype=torch.bfloat16,
        )
        layers = {f"layer.{number}": spec for number in range(model.get_num_layers(parallel))}
        resolve_kv_cache_layout(config, [["LBNHC"]], [spec])  # how a block lies in memory, which nothing here asks
        room = kv_tokens // self.block * spec.page_size_bytes * len(layers)
        kv = generate_scheduler_kv_cache_config(get_kv_cache_configs(config, [layers], [room]))
        config.cache_config.num_gpu_blocks = kv.num_blocks
        block, hashed = resolve_kv_cache_block_sizes(kv, config)
        self.scheduler = config.scheduler_config.get_scheduler_cls()(
            vllm_config=config, kv_cache_config=kv, structured_output_manager=StructuredOutputManager(config),
            block_size=block, hash_block_size=hashed, log_stats=True,
        )
        self.hasher = None
        if config.cache_config.enable_prefix_caching:
            hash_fn = get_hash_fn_by_name(config.cache_config.prefix_caching_hash_algo)
            init_none_hash(hash_fn)
            self.hasher = get_request_block_hasher(hashed, hash_fn)
        self.manager = self.scheduler.kv_cache_manager
        self.pool = self.manager.block_pool
        self.asynchronous, self.pending, self.longest = asynchronous, None, model.max_model_len
        self.steps, self.first, self.ready, self._new = 0, {}, {}, {}
        self._count_allocations()

    def _count_allocations(self) -> None:
        """Count the new blocks that the pool hands out; `allocate_slots` says for whom it asks."""
        real_slots, real_blocks, asking = self.manager.allocate_slots, self.pool.get_new_blocks, []

        def slots(request, *args, **kwargs):
            asking[:] = [request.request_id]
            return real_slots(request, *args, **kwargs)

        def blocks(count):
            self._new[asking[0]] = self._new.get(asking[0], 0) + count
            return real_blocks(count)

        self.manager.allocate_slots, self.pool.get_new_blocks = slots, blocks

    def add(self, name: str, prompt: list[int], answer: int, priority: int = 0) -> None:
        """A request as the engine core gets it. ValueError for one that no server would let through to it."""
        if len(prompt) + answer > self.longest:
            raise ValueError(
                f"a prompt of {len(prompt)} tokens with {answer} to come: the model takes {self.longest} together"
            )
        params = SamplingParams(temperature=0.0, max_tokens=answer, ignore_eos=True)
        self.scheduler.add_request(Request(name, prompt, params, None, arrival_time=1.0e9, block_hasher=self.hasher,
                                           priority=priority))

    def step(self) -> dict:
        """One step: {request: tokens}, empty when there was nothing to schedule."""
        output = self.scheduler.schedule()
        given = dict(output.num_scheduled_tokens)
        self.steps += bool(given)
        for new in output.scheduled_new_reqs:
            self.first[new.req_id] = {"step": self.steps, "hit": new.num_computed_tokens}
        step = (output, self._answer(given))
        if self.asynchronous:
            step, self.pending = self.pending, step
        if step is not None:
            self.scheduler.update_from_output(*step)
        return given

    def _answer(self, given: dict) -> ModelRunnerOutput:
        """What a runner would hand back: a token for each request whose prompt is complete with this step."""
        sampled = []
        for name in given:
            whole = not self.scheduler.requests[name].is_prefill_chunk
            if whole and name not in self.ready:
                table = self.manager.get_block_ids(name)[0]
                self.ready[name] = {"step": self.steps, "blocks": len(table), "new_blocks": self._new.get(name, 0)}
            sampled.append([TOKEN] if whole else [])
        return ModelRunnerOutput(
            req_ids=list(given), req_id_to_index={name: k for k, name in enumerate(given)}, sampled_token_ids=sampled
        )

    def run(self, until=lambda: False) -> None:
        """Steps until `until()`, or until nothing is left. ValueError when requests are left that get nothing."""
        idle = 0
        while not until() and self.scheduler.requests:
            idle = 0 if self.step() else idle + 1
            if idle > 2:  # an asynchronous scheduler has one such step before it hears of the last token
                raise ValueError(f"{len(self.scheduler.requests)} requests wait for ever: the cache is too small")
