"""SGLang's Scheduler on no device: what is left out of it, and nothing else.

`OneTurn` is SGLang's `Scheduler`, made by its own `__init__`, but for three things:

- `ModelRunner`, the model on a device. The pools it would make are made here with its classes, the tensors behind them
  one byte a token. Every request of a batch gets the same token, since nothing here depends on a token's value.
- the sockets. Requests are handed to `process_input_requests`, and what would be sent is kept.
- the loop is left after one turn, and goes on where it was at the next.

No method that schedules, allocates, matches or finishes is replaced. Importing this first sees to the packages that
are not there (sglang_stand_ins.py).
"""

import logging
import os
import socket
import warnings
from collections import deque

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TORCHDYNAMO_DISABLE", "1")  # what torch.compile wraps runs as written

from headless import sglang_stand_ins  # noqa: E402

STAND_INS = sglang_stand_ins.install()
logging.disable(logging.WARNING)  # that there is no GPU, above all
warnings.filterwarnings("ignore", category=UserWarning)

import torch  # noqa: E402
from sglang.srt.configs.model_config import ModelImpl  # noqa: E402
from sglang.srt.managers.scheduler import Scheduler, dispatch_event_loop  # noqa: E402
from sglang.srt.managers.scheduler_components.ipc_channels import SchedulerIpcChannels  # noqa: E402
from sglang.srt.managers.tp_worker import TpModelWorker  # noqa: E402
from sglang.srt.managers.utils import GenerationBatchResult  # noqa: E402
from sglang.srt.mem_cache.allocator import TokenToKVPoolAllocator  # noqa: E402
from sglang.srt.mem_cache.memory_pool import MHATokenToKVPool, ReqToTokenPool  # noqa: E402
from sglang.srt.model_executor.model_runner_components.ngram_embedding_manager import (  # noqa: E402
    NgramEmbeddingManager,
)
from sglang.srt.server_args import PortArgs, ServerArgs  # noqa: E402
from worker_kit.worker_io import TOKEN  # noqa: E402


class NoModel:
    """Stands where ModelRunner stands: it has the pools, and no model, attention backend or graph."""

    device, tp_size, tp_rank = "cpu", 1, 0
    model = attn_backend = canary_manager = hisparse_coordinator = sliding_window_size = None
    is_hybrid_swa = prefill_aware_swa = False
    mtp_draft_device_pools, weight_load_time, weight_load_mem_usage = (), 0.0, 0.0
    graph_memory_usage, graph_time_usage = {}, {}

    def __init__(self, config, kv_tokens: int, running: int):
        self.model_config, self.max_running_requests = config, running
        self.logical_max_total_num_tokens = self.effective_logical_max_total_num_tokens = kv_tokens
        self.memory_pool_config = {"tokens": kv_tokens}  # says that the pools are made
        self.req_to_token_pool = ReqToTokenPool(
            size=running, max_context_len=config.context_len + 4, device="cpu", enable_memory_saver=False
        )
        byte = {"dtype": torch.int8, "device": "cpu"}
        self.token_to_kv_pool = MHATokenToKVPool(
            size=kv_tokens, page_size=1, head_num=1, head_dim=1, layer_num=1, enable_memory_saver=False, **byte
        )
        self.token_to_kv_pool_allocator = TokenToKVPoolAllocator(
            size=kv_tokens, kvcache=self.token_to_kv_pool, need_sort=False, **byte
        )
        self.ngram_embedding_manager = NgramEmbeddingManager.from_model(
            model=None, model_config=config, req_to_token_pool=self.req_to_token_pool, max_running_requests=running,
            device="cpu",
        )
        self.forward_stream = torch.get_device_module("cpu").Stream()

    def init_attention_backends(self) -> None:
        pass

    def init_cuda_graphs(self, **_) -> None:
        pass

    def prewarm_sampling(self) -> None:
        pass


class Worker(TpModelWorker):
    """SGLang's, but that a forward pass answers at once, and is kept in `launched`."""

    def __init__(self, kv_tokens: int, running: int, **options):
        self.sizes, self.launched = (kv_tokens, running), []
        super().__init__(**options)

    def _init_model_runner(self) -> None:
        self._model_runner = NoModel(self.model_config, *self.sizes)

    def forward_batch_generation(self, batch, *_, **__) -> GenerationBatchResult:
        self.launched.append(batch)
        return GenerationBatchResult(next_token_ids=torch.full((len(batch.reqs),), TOKEN, dtype=torch.int64))


class Outbox:
    """Where a socket was: keeps what would be sent."""

    def __init__(self):
        self.sent = []

    def send_output(self, output, recv_obj=None) -> None:
        self.sent.append(output)


class OneTurn(Scheduler):
    """SGLang's scheduler on no device and no socket, whose loop is left after a turn."""

    def __init__(self, args: ServerArgs, ports: PortArgs, kv_tokens: int, running: int):
        self.sizes, self.arrived, self._queue = {"kv_tokens": kv_tokens, "running": running}, [], deque()
        super().__init__(args, ports)
        self._war_barrier_enabled = False  # run_event_loop, which is not called, says so where there is no GPU

    def init_model_config(self) -> None:
        super().init_model_config()
        # Found out in loading the model, from all the model classes there are.
        self.model_config._resolved_model_impl = ModelImpl.SGLANG

    def init_tp_model_worker(self) -> None:
        self.tp_worker = Worker(server_args=self.server_args, gpu_id=0, nccl_port=self.nccl_port, **self.sizes)

    def init_ipc_channels(self, port_args: PortArgs) -> None:
        self.ipc_channels = SchedulerIpcChannels(
            recv_from_tokenizer=None, recv_from_rpc=None, send_to_tokenizer=Outbox(), send_to_detokenizer=Outbox(),
            send_metrics_from_scheduler=None,
        )
        self.load_snapshot_writer = self.recv_from_tokenizer = None

    def ingest_requests(self) -> list:
        arrived, self.arrived = self.arrived, []
        self.process_input_requests(arrived)
        self.gracefully_exit = True  # the loop looks at it at the top of the next turn
        return arrived

    @property
    def result_queue(self) -> deque:
        return self._queue

    @result_queue.setter
    def result_queue(self, new: deque) -> None:
        pass  # the overlapping loop begins with an empty one; the batch in flight is to outlive a turn

    def turn(self) -> None:
        self.gracefully_exit = False
        dispatch_event_loop(self)


def ports() -> PortArgs:
    """A free port for torch.distributed's store, and no socket besides."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return PortArgs(
            tokenizer_ipc_name="", scheduler_input_ipc_name="", detokenizer_ipc_name="", rpc_ipc_name="",
            metrics_ipc_name="", tokenizer_worker_ipc_name=None, decoupled_spec_ipc_config=None,
            nccl_port=free.getsockname()[1],
        )
