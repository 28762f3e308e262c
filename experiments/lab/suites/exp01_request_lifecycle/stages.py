"""Which functions of each engine the probes of experiment 01 time, and how their calls split a time to first token.

Names are of vLLM 0.32.0 and SGLang 0.5.21. A name that is gone stops the measurement: the probe says so.
"""

from experiments.lab.suites.common.ttft_segments import Mark


def _probe(stage: str, module: str, qualname: str, **more: object) -> dict:
    return {"stage": stage, "module": module, "qualname": qualname, **more}


_VLLM_COMMON = [
    _probe("serve-chat", "vllm.entrypoints.openai.chat_completion.serving", "OpenAIServingChat.create_chat_completion"),
    _probe("template", "vllm.renderers.hf", "safe_apply_chat_template"),
    _probe("tokenize", "vllm.renderers.base", "BaseRenderer._tokenize_prompt"),
    _probe("send", "vllm.v1.engine.core_client", "AsyncMPClient._send_input"),
    _probe("preprocess", "vllm.v1.engine.core", "EngineCore.preprocess_add_request"),
    _probe("pick-up", "vllm.v1.engine.core", "EngineCoreProc._handle_client_request"),
    _probe("schedule", "vllm.v1.core.sched.scheduler", "Scheduler.schedule",
           info={"tokens": "result.total_num_scheduled_tokens"}),
    _probe("update", "vllm.v1.core.sched.scheduler", "Scheduler.update_from_output"),
    _probe("process-outputs", "vllm.v1.engine.output_processor", "OutputProcessor.process_outputs"),
]
VLLM_GPU = _VLLM_COMMON + [
    _probe("execute", "vllm.v1.worker.gpu.model_runner", "GPUModelRunner.execute_model", gpu=True),
    _probe("sample", "vllm.v1.worker.gpu.model_runner", "GPUModelRunner.sample_tokens", gpu=True),
    _probe("wait", "vllm.v1.worker.gpu.async_utils", "AsyncOutput.get_output"),
]
VLLM_CPU = _VLLM_COMMON + [  # the CPU build runs the V1 runner, in a process of its own
    _probe("execute", "vllm.v1.worker.gpu_model_runner", "GPUModelRunner.execute_model"),
    _probe("sample", "vllm.v1.worker.gpu_model_runner", "GPUModelRunner.sample_tokens"),
]
SGLANG_GPU = [
    _probe("handle-request", "sglang.srt.entrypoints.openai.serving_base", "OpenAIServingBase.handle_request"),
    _probe("tokenize", "sglang.srt.entrypoints.openai.serving_chat",
           "OpenAIServingChat._render_and_encode_chat_template"),
    _probe("send", "sglang.srt.managers.tokenizer_manager", "TokenizerManager._dispatch_to_scheduler"),
    _probe("pick-up", "sglang.srt.managers.scheduler", "Scheduler.handle_generate_request"),
    # The idle loop spins through this one: only the calls that found a batch are kept.
    _probe("schedule", "sglang.srt.managers.scheduler", "Scheduler.get_next_batch_to_run",
           info={"batch": "result.batch_to_run"}, keep="batch"),
    _probe("run-batch", "sglang.srt.managers.scheduler", "Scheduler.run_batch"),
    # The whole body runs inside `with self.forward_stream_ctx`, so the events land on the stream that does the work.
    _probe("forward", "sglang.srt.managers.tp_worker", "TpModelWorker.forward_batch_generation", gpu=True),
    _probe("process-prefill", "sglang.srt.managers.scheduler_components.batch_result_processor",
           "SchedulerBatchResultProcessor.process_batch_result_prefill"),
    _probe("process-decode", "sglang.srt.managers.scheduler_components.batch_result_processor",
           "SchedulerBatchResultProcessor.process_batch_result_decode"),
    _probe("synchronize", "torch.cuda.streams", "Event.synchronize"),
    _probe("stream-output", "sglang.srt.managers.scheduler_components.output_sender", "SenderWrapper.send_output"),
    _probe("detokenize", "sglang.srt.managers.detokenizer_manager", "DetokenizerManager.handle_batch_token_id_out"),
    _probe("receive-output", "sglang.srt.managers.tokenizer_manager", "TokenizerManager._handle_batch_output"),
]

# A process has the role of the first stage here that ran in it.
WITNESSES = {
    "vllm": {"serve-chat": "api-server", "schedule": "engine-core", "execute": "worker"},
    "sglang": {"handle-request": "tokenizer-manager", "pick-up": "scheduler", "detokenize": "detokenizer"},
}

_VLLM_THERE = [
    Mark("parse", "serve-chat", "api-server"),
    Mark("template + tokens", "tokenize", "api-server", "t1"),
    Mark("to the engine", "send", "api-server"),
    Mark("hand-over", "pick-up", "engine-core"),
    Mark("scheduling", "schedule", "engine-core", "t1"),
]
_VLLM_BACK = [
    Mark("update", "update", "engine-core", "t1"),
    Mark("back", "process-outputs", "api-server"),
    Mark("to text", "process-outputs", "api-server", "t1"),
]
# Marks in the order in which one request passes them. Segment names are shared by both engines where the work is.
MARKS = {
    "vllm-gpu": [
        *_VLLM_THERE,
        Mark("launch", "sample", "engine-core", "t1"),
        Mark("next step", "wait", "engine-core"),
        Mark("wait for GPU", "wait", "engine-core", "t1"),
        *_VLLM_BACK,
    ],
    "vllm-cpu": [
        *_VLLM_THERE,
        Mark("forward", "execute", "worker", "t1"),
        Mark("sampling", "sample", "worker", "t1"),
        *_VLLM_BACK,
    ],
    "sglang-gpu": [
        Mark("parse", "handle-request", "tokenizer-manager"),
        Mark("template + tokens", "tokenize", "tokenizer-manager", "t1"),
        Mark("to the engine", "send", "tokenizer-manager"),
        Mark("hand-over", "pick-up", "scheduler"),
        Mark("scheduling", "run-batch", "scheduler"),
        Mark("launch", "run-batch", "scheduler", "t1"),
        Mark("next step", "process-prefill", "scheduler"),
        Mark("wait for GPU", "prefill-wait", "scheduler", "t1"),
        Mark("update", "stream-output", "scheduler"),
        Mark("back", "receive-output", "tokenizer-manager"),
    ],
}
