"""vLLM's hand-over and scheduling up to a first token, driven without a server: `python vllm_core.py MODEL_FOLDER`.

Prints one JSON object; two runs print the same bytes. For each prompt length: the bytes of the EngineCoreRequest and of
the first EngineCoreOutputs as vLLM's own encoder writes them, and what its engine core called until the first token
was out, for the two loops it has: `step_with_batch_queue` with `AsyncScheduler`, a GPU's default, and `step` with
`Scheduler`, what the CPU build runs.

The scheduler, the two step functions, the input processor and the encoder are vLLM's. The model is stood in for by
an executor that answers each forward at once with the same token: nothing here depends on a token's value.
"""

import json
import os
import queue
import random
import sys
from collections import deque
from concurrent.futures import Future

os.environ.setdefault("VLLM_LOGGING_LEVEL", "ERROR")
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("PYTHONHASHSEED", "0")  # block hashes start from random bytes without it

import torch  # noqa: E402  (the settings above must be in the environment first)
from vllm.engine.arg_utils import EngineArgs  # noqa: E402
from vllm.inputs import tokens_input  # noqa: E402
from vllm.renderers.registry import renderer_from_config  # noqa: E402
from vllm.sampling_params import RequestOutputKind, SamplingParams  # noqa: E402
from vllm.usage.usage_lib import UsageContext  # noqa: E402
from vllm.utils.hashing import get_hash_fn_by_name  # noqa: E402
from vllm.v1.core.kv_cache_utils import get_request_block_hasher, init_none_hash  # noqa: E402
from vllm.v1.engine import EngineCoreRequest  # noqa: E402
from vllm.v1.engine.core import EngineCore  # noqa: E402
from vllm.v1.engine.input_processor import InputProcessor  # noqa: E402
from vllm.v1.kv_cache_interface import FullAttentionSpec, KVCacheConfig, KVCacheGroupSpec  # noqa: E402
from vllm.v1.outputs import EMPTY_MODEL_RUNNER_OUTPUT, ModelRunnerOutput  # noqa: E402
from vllm.v1.request import Request  # noqa: E402
from vllm.v1.serial_utils import MsgpackDecoder, MsgpackEncoder  # noqa: E402
from vllm.v1.structured_output import StructuredOutputManager  # noqa: E402

BLOCK, BUDGET, MAX_TOKENS = 16, 2048, 8
LENGTHS = (16, 128, 1024, 2048, 2049, 4096, 5000)


def make_config(model: str):
    """The configuration `vllm serve` would make, with the token budget of a step fixed at BUDGET."""
    os.environ.pop("VLLM_USE_V2_MODEL_RUNNER", None)  # make_core sets it, and the config refuses it on a CPU
    config = EngineArgs(
        model=model, max_num_batched_tokens=BUDGET, max_num_seqs=256, max_model_len=8192, block_size=BLOCK,
        enforce_eager=True, disable_log_stats=False,
    ).create_engine_config(usage_context=UsageContext.OPENAI_API_SERVER)
    config.cache_config.num_gpu_blocks = 4096
    return config


def make_request(processor: InputProcessor, tokens: int) -> EngineCoreRequest:
    """An EngineCoreRequest as AsyncLLM.add_request makes it. Ids lie in 256..49151, which msgpack writes in 3 bytes."""
    rng = random.Random(tokens)
    ids = [rng.randrange(256, 49152) for _ in range(tokens)]
    params = SamplingParams(
        temperature=0.0, max_tokens=MAX_TOKENS, ignore_eos=True, output_kind=RequestOutputKind.DELTA
    )
    request = processor.process_inputs(
        "chatcmpl-" + "0" * 32, tokens_input(ids), params, supported_tasks=("generate",), arrival_time=1.0e9
    )
    processor.assign_request_id(request)
    return request


class Executor:
    """Stands for the worker: answers at once, and writes down in `log` who called what."""

    def __init__(self, scheduler, log: list):
        self.scheduler, self.log, self.pending = scheduler, log, None

    def execute_model(self, scheduler_output, non_block=False):
        future: Future = Future()
        if scheduler_output.total_num_scheduled_tokens == 0:
            self.log.append("empty")
            future.set_result(EMPTY_MODEL_RUNNER_OUTPUT)
            return future
        self.log.append(f"forward:{scheduler_output.total_num_scheduled_tokens}")
        ids = list(scheduler_output.num_scheduled_tokens)
        # A runner samples for the requests whose prompt is complete, which the scheduler has just decided.
        tokens = [[] if self.scheduler.requests[i].is_prefill_chunk else [300] for i in ids]
        self.pending = ModelRunnerOutput(
            req_ids=ids, req_id_to_index={r: k for k, r in enumerate(ids)}, sampled_token_ids=tokens
        )
        future.set_result(None)
        return future

    def sample_tokens(self, grammar_output, non_block=False):
        output, log = self.pending, self.log
        log.append("sample")

        class Waited(Future):
            def result(self, timeout=None):
                log.append("wait")
                return output

        return Waited() if non_block else output


def make_core(config, asynchronous: bool):
    """(EngineCore with a real scheduler and no worker, its log). Raises RuntimeError if vLLM chose another loop."""
    config.scheduler_config.async_scheduling = asynchronous
    os.environ["VLLM_USE_V2_MODEL_RUNNER"] = "1" if asynchronous else "0"
    spec = FullAttentionSpec(block_size=BLOCK, num_kv_heads=1, head_size=64, dtype=torch.bfloat16)
    kv = KVCacheConfig(
        num_blocks=4096, kv_cache_tensors=[], kv_cache_groups=[KVCacheGroupSpec(["layer"], spec)]
    )
    scheduler = config.scheduler_config.get_scheduler_cls()(
        vllm_config=config, kv_cache_config=kv, structured_output_manager=StructuredOutputManager(config),
        block_size=BLOCK, hash_block_size=BLOCK, log_stats=True,
    )
    log: list[str] = []
    real = scheduler.schedule

    def schedule(*args, **kwargs):
        log.append("schedule")
        return real(*args, **kwargs)

    scheduler.schedule = schedule
    core = EngineCore.__new__(EngineCore)  # its constructor would start a worker
    core.vllm_config, core.scheduler, core.log_stats = config, scheduler, True
    core.model_executor = Executor(scheduler, log)
    core.batch_queue_size = config.max_concurrent_batches
    core.batch_queue = deque(maxlen=core.batch_queue_size) if core.batch_queue_size > 1 else None
    core.is_mm_encoder_only = core.is_pooling_model = False
    core.aborts_queue, core._weight_version = queue.Queue(), "default"
    core.step_fn = core.step if core.batch_queue is None else core.step_with_batch_queue  # as EngineCore.__init__ does
    return core, log


def to_first_token(config, asynchronous: bool, tokens: int) -> dict:
    """One request of `tokens` prompt tokens, from its encoded form to its first EngineCoreOutputs."""
    hash_fn = get_hash_fn_by_name(config.cache_config.prefix_caching_hash_algo)
    init_none_hash(hash_fn)
    hasher = get_request_block_hasher(BLOCK, hash_fn)
    core, log = make_core(config, asynchronous)
    frames = MsgpackEncoder().encode(make_request(InputProcessor(config, renderer_from_config(config)), tokens))
    request = Request.from_engine_core_request(MsgpackDecoder(EngineCoreRequest).decode(frames), hasher)
    core.scheduler.add_request(request)
    answer = None
    while answer is None:
        outputs, _ = core.step_fn()
        answer = next((o for o in (outputs or {}).values() if o.outputs), None)
    forwards = [int(call[8:]) for call in log if call.startswith("forward")]
    return {
        "loop": core.step_fn.__name__, "scheduler": type(core.scheduler).__name__, "prompt_tokens": tokens,
        "budget": BUDGET, "request_bytes": sum(len(f) for f in frames), "request_frames": len(frames),
        "outputs_bytes": sum(len(f) for f in MsgpackEncoder().encode_into(answer, bytearray())),
        "schedules": log.count("schedule"), "forwards": len(forwards), "forward_tokens": forwards, "calls": log,
    }


def main() -> int:
    config = make_config(sys.argv[1])
    rows = [to_first_token(config, asynchronous, n) for asynchronous in (True, False) for n in LENGTHS]
    print(json.dumps({"rows": rows}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
