"""What post 1 says of lengths, defaults and overload is what the pinned source does: its own lines are run here."""

import ast
import re
from textwrap import dedent
from types import SimpleNamespace

import pytest

from scripts.common.paths import ROOT
from scripts.sources.unpacked_sources import open_sources

POST = ROOT / "docs/posts/01-request-lifecycle.md"
SGLANG = "python/sglang/srt"
CONTEXT = 4096


def says(*pieces: str) -> None:
    """The post has these words; marks of typed numbers and line ends are left out."""
    text = " ".join(re.sub(r"\{(fixed|quoted):[^{}\n]*\}", "", POST.read_text()).split())
    assert [piece for piece in pieces if piece not in text] == []


def source(engine: str, path: str) -> str:
    return open_sources(ROOT).text(engine, path)


def function(engine: str, path: str, name: str, **known: object):
    """The source's own function, annotations dropped; `known` are the names that it takes from its module."""
    found = next(
        node for node in ast.walk(ast.parse(source(engine, path))) if getattr(node, "name", None) == name
    )  # fmt: skip
    assert isinstance(found, ast.FunctionDef)
    found.returns, found.decorator_list = None, []
    for argument in found.args.args:
        argument.annotation = None
    space = dict(known)
    exec(compile(ast.Module([found], []), path, "exec"), space)  # noqa: S102
    return space[name]


@pytest.mark.parametrize(
    ("asked", "prompt", "config", "ceiling", "got"),
    [
        (3200, 1000, {}, None, 3096),
        (3096, 1000, {}, None, 3096),
        (None, 1000, {}, None, 3096),
        (None, 1000, {"max_tokens": 2048}, None, 2048),
        (3000, 1000, {"max_tokens": 2048}, None, 3000),
        (3000, 1000, {"max_tokens": 2048}, 2048, 2048),
        (None, CONTEXT - 1, {}, None, 1),
        (None, CONTEXT, {}, None, 0),
    ],
)
def test_how_long_an_answer_may_be_in_vllm(asked, prompt, config, ceiling, got):
    platform = SimpleNamespace(get_max_output_tokens=lambda length: 1 << 62)
    path = "vllm/entrypoints/serve/utils/api_utils.py"
    answer = function("vllm", path, "get_max_tokens", current_platform=platform)
    assert answer(CONTEXT, asked, prompt, config, ceiling) == got
    says("`max_tokens` is lowered to 3,096", "must be at least 1, got 0", "it lowers what you send, too")


def test_vllm_has_no_answer_of_no_token():
    assert 'f"max_tokens must be at least 1, got {self.max_tokens}."' in source("vllm", "vllm/sampling_params.py")


def test_the_longest_prompt_and_answer_in_sglang():
    lines = source("sglang", f"{SGLANG}/managers/tp_worker.py").split("def get_worker_info")[1].split("if self.dllm")[0]
    runner = SimpleNamespace(effective_logical_max_total_num_tokens=10 * CONTEXT, token_to_kv_pool_allocator=None)
    worker = SimpleNamespace(model_runner=runner, model_config=SimpleNamespace(context_len=CONTEXT))
    space = {"self": worker, "page_interleave_shard_size": lambda pool: 1}
    exec(dedent(lines.split("\n", 1)[1]), space)  # noqa: S102
    longest, most = space["max_req_input_len"], space["max_req_len"]
    for length in range(CONTEXT - 10, CONTEXT):
        req = SimpleNamespace(origin_input_ids=[0] * length)
        check = function("sglang", f"{SGLANG}/managers/utils.py", "validate_input_length")
        assert (check(req, longest, False) is None) == (length <= 4089)
    scheduler = source("sglang", f"{SGLANG}/managers/scheduler.py")
    assert "self.max_req_len - input_len - 1," in scheduler and most - 1000 - 1 == 3094
    says("4,089 tokens", "up to six tokens shorter", "lowered to 3,094 without a word", "up to 3,094")


def test_answers_without_max_tokens():
    vllm = source("vllm", "vllm/entrypoints/openai/completion/protocol.py")
    sglang = source("sglang", f"{SGLANG}/entrypoints/openai/protocol.py")
    assert "max_tokens: int | None = 16" in vllm and "max_tokens: int = 16" in sglang
    native = source("sglang", f"{SGLANG}/sampling/sampling_params.py")
    assert "max_new_tokens: Optional[int] = 128" in native
    says("| 16 tokens | 16 tokens; the native `/generate` 128 |")


def test_vllms_limit_of_tokens_looks_at_what_is_there_before():
    refused: list[str] = []
    check = function(
        "vllm", "vllm/v1/engine/async_llm.py", "check_admission",
        QueueOverflowError=RuntimeError, MaxQueuedTokensError=RuntimeError, logger=SimpleNamespace(debug=print),
    )  # fmt: skip
    server = SimpleNamespace(
        scheduler_config=SimpleNamespace(max_num_queued_reqs=None, max_num_queued_tokens=10_000),
        get_num_queued_tokens=lambda: 9_000,
        _record_admission_rejection=refused.append,
    )
    check(server)
    server.get_num_queued_tokens = lambda: 17_000
    with pytest.raises(RuntimeError):
        check(server)
    assert refused == ["max_num_queued_tokens"]
    says("with a limit of 10,000, say, and 9,000 in prefill, a prompt of 8,000 still enters")


def test_sglangs_interval_and_what_speculative_decoding_passes_over():
    streamer = source("sglang", f"{SGLANG}/managers/scheduler_components/output_streamer.py")
    assert "len(req.output_ids) % stream_interval == 1" in streamer
    assert [n for n in range(1, 31) if n % 10 == 1] == [1, 11, 21]
    says("at 10, say, it sends when the count of tokens leaves remainder 1", "at token 1, 11, 21 and the last")


def test_health_looks_for_a_dead_engine_and_the_watchdog_every_five_seconds():
    assert "VLLM_WATCHDOG_TIME_S = 5.0" in source("vllm", "vllm/entrypoints/launchers/launcher.py")
    assert 'os.getenv("SGLANG_HEALTH_CHECK_TIMEOUT", 20)' in source("sglang", f"{SGLANG}/entrypoints/http_server.py")
    says("a watchdog looks every 5 s", "503 after 20 s")


def test_by_default_sglang_pads_only_one_token_to_more_than_twice_its_length():
    sizes = function("sglang", f"{SGLANG}/arg_groups/cuda_graph_hook.py", "generate_prefill_cuda_graph_batch_sizes")
    captured = sizes(8192)
    runner = source("sglang", f"{SGLANG}/model_executor/runner/prefill_cuda_graph_runner.py")
    assert "_MAX_PREFILL_CUDA_GRAPH_PADDING_FACTOR = 2\n" in runner
    padded = {tokens: min(size for size in captured if size >= tokens) for tokens in range(1, 8193)}
    assert [tokens for tokens, size in padded.items() if size > 2 * tokens] == [1]
    says("without a graph if the next size is more than twice its own: by default only a batch of one token")


def test_four_answers_share_their_prompt():
    vllm = source("vllm", "vllm/v1/engine/async_llm.py")
    assert "for idx in range(parent_params.n):" in vllm and 100 % 16 == 4
    manager = source("sglang", f"{SGLANG}/managers/tokenizer_manager.py")
    before, after = manager.split("# Expand requests, assign new rids for them, and send them")
    assert "tokenized_obj.sampling_params.max_new_tokens = 0" in before
    assert "for _ in range(obj.parallel_sample_num):" in after
    assert "n must be 1 when using greedy sampling" in source("vllm", "vllm/sampling_params.py")
    says("computes the 4 behind the last full block", "In SGLang it is five")


def test_vllm_ends_its_engine_at_once_and_sglang_looks_every_five_seconds():
    events: list[str] = []
    process = SimpleNamespace(
        name="core", pid=1, is_alive=lambda: True, terminate=lambda: events.append("SIGTERM"), join=events.append
    )
    logger = SimpleNamespace(**dict.fromkeys(("debug", "info", "warning", "debug_once"), lambda *words: None))
    end = function(
        "vllm", "vllm/v1/utils.py", "shutdown",
        time=SimpleNamespace(monotonic=lambda: 0), logger=logger,
        kill_process_tree=lambda pid: events.append("SIGKILL"),
    )  # fmt: skip
    end([process], timeout=0)
    assert events == ["SIGTERM", "SIGKILL"]
    manager = source("sglang", f"{SGLANG}/managers/tokenizer_manager.py")
    watchdog = manager.split("async def sigterm_watchdog(self):")[1].split("\n    def ")[0]
    assert "await asyncio.sleep(5)" in watchdog and 'get_bool_env_var("SGL_FORCE_SHUTDOWN")' in watchdog
    says("it looks every 5 s and ends when no request is left", "ends the engine core at once, by default")


def test_sglang_ignores_a_seed_unless_inference_is_deterministic_and_vllm_counts_it_up():
    batch = source("sglang", f"{SGLANG}/sampling/sampling_batch_info.py")
    seeds = batch.split("sampling_seed = (\n")[1].split("logit_bias = None")[0]
    assert "else 42" in seeds and "if enable_deterministic\n" in seeds and "else None" in seeds
    fields = source("sglang", f"{SGLANG}/arg_groups/fields/exec_.py")
    assert re.search(r"enable_deterministic_inference: A\[[^\]]*\] = False", fields)
    assert "child_sampling_params.seed = seed + index" in source("vllm", "vllm/v1/engine/parallel_sampling.py")
    assert "VLLM_BATCH_INVARIANT: bool = False" in source("vllm", "vllm/envs.py")
    says("SGLang ignores `seed`, without a word, unless", "a request without a seed has 42", "seed, seed + 1 and so on")


def test_sampling_is_applied_in_the_order_that_is_told():
    sampler = source("vllm", "vllm/v1/worker/gpu/sample/sampler.py")
    steps = ("logit_bias_state,\n", "self.penalties_state,\n", "bad_words_state,\n")
    listed = sampler.split("self.logits_processors: list[LogitsProcessor] = [")[1]
    assert [listed.index(step) for step in steps] == sorted(listed.index(step) for step in steps)
    applied = sampler.split("def apply_sampling_params")[1].split("def sample(")[0]
    steps = ("processor.apply(", ".apply_temperature(", ".apply_min_p(", ".apply_top_k_top_p(")
    assert [applied.index(step) for step in steps] == sorted(applied.index(step) for step in steps)
    says("the grammar's mask, `logit_bias`, penalties, `bad_words`, `temperature`, `min_p`, then `top_k` and `top_p`")


def test_in_sglang_min_p_of_one_changes_how_top_k_and_top_p_of_all_are_combined():
    batch = source("sglang", f"{SGLANG}/sampling/sampling_batch_info.py")
    assert "need_min_p_sampling=any(r.sampling_params.min_p > 0 for r in reqs)" in batch
    with_min_p, without = (
        source("sglang", f"{SGLANG}/layers/sampler.py")
        .split("if sampling_info.need_min_p_sampling:\n")[1]
        .split("batch_next_token_ids = top_k_top_p_sampling_from_probs(")[:2]
    )
    assert "probs = top_k_renorm_prob(probs, " in with_min_p and "probs = top_p_renorm_prob(probs, " in with_min_p
    assert 'filter_apply_order="joint"' in without.split("return_sampling_mask")[0]
    says("cut one after the other and not jointly")


def test_an_id_is_made_unique_by_vllm_and_refused_by_sglang():
    assert 'f"{request.external_req_id}-{random_uuid():.8}"' in source("vllm", "vllm/v1/engine/input_processor.py")
    manager = source("sglang", f"{SGLANG}/managers/tokenizer_manager.py")
    assert 'raise ValueError(f"Duplicate request ID detected: {rid}")' in manager
    assert "req.rid.startswith(recv_req.rid)" in source("sglang", f"{SGLANG}/managers/scheduler.py")
    says("the second gets 400", "`-` and 8 random characters", "if the client of `a1` leaves, `a10` ends too")


def test_vllm_counts_ahead_as_the_table_says():
    scheduler = source("vllm", "vllm/v1/core/sched/scheduler.py")
    stop = "and request.num_computed_tokens + 2 - request.num_output_placeholders"
    assert stop in scheduler and ">= request.num_prompt_tokens + request.max_tokens" in scheduler
    assert "request.num_computed_tokens += num_scheduled_token" in scheduler.split("def _update_after_schedule")[1]
    ahead = source("vllm", "vllm/v1/core/sched/async_scheduler.py")
    assert "request.num_output_placeholders -= len(new_token_ids)" in ahead
    prompt, most = 40, 4
    known, computed, placeholders, launched, rows = prompt, 0, 0, 0, []
    for turn in range(1, 6):
        if placeholders > 0 and computed + 2 - placeholders >= prompt + most:
            rows.append(
                f"| no step: {computed} + 2 - {placeholders} = 44 = 40 + 4 | {known} | {computed}, {placeholders} |"
            )
        else:
            given = known + placeholders - computed
            computed, placeholders, launched = computed + given, placeholders + 1, launched + 1
            rows.append(f"| {known} | {computed}, {placeholders} |")
        if turn > 1:
            known, placeholders = known + 1, placeholders - 1
            rows.append(f"| token {turn - 1} is read | {known} | {computed}, {placeholders} |")
    assert launched == most and computed == prompt + most - 1
    says(*rows, "three passes, the last for nothing")


def test_what_ends_an_answer_first():
    stops = source("vllm", "vllm/v1/core/sched/utils.py").split("def check_stop(")[1]
    tests = ("sampling_params.eos_token_id", "sampling_params.stop_token_ids", "request.max_tokens", "repetition_det")
    assert [stops.index(test) for test in tests] == sorted(stops.index(test) for test in tests)
    batch = source("sglang", f"{SGLANG}/managers/schedule_batch.py")
    ends = batch.split("def update_finish_state(")[1].split("def reset_for_retract")[0]
    tests = (
        "self.to_finish",
        "_check_vocab_boundary",
        "_check_str_based",
        "_check_token_based",
        "max_new_tokens:",
        "is_term",
    )
    assert [ends.index(test) for test in tests] == sorted(ends.index(test) for test in tests)
    tokens = batch.split("def _check_token_based_finish")[1].split("for i, token_id")[0]
    assert "if self.sampling_params.ignore_eos:\n            return False" in tokens
    processor = source("vllm", "vllm/v1/engine/output_processor.py")
    assert "if stop_string:\n                    finish_reason = FinishReason.STOP" in processor
    says("both say `stop`", "It gives `stop` even if the same token reached `max_tokens`")


def test_the_captured_sizes_and_what_is_padded_to_them():
    config = source("vllm", "vllm/config/vllm.py")
    for lines in ("i for i in [1, 2, 4] if", "range(8, min(max_cudagraph_capture_size + 1, 256), 8)"):
        assert lines in config
    assert "range(256, max_cudagraph_capture_size + 1, 16)" in config
    vllm = [1, 2, 4, *range(8, 256, 8), *range(256, 513, 16)]
    hook = f"{SGLANG}/arg_groups/cuda_graph_hook.py"
    prompts = function("sglang", hook, "generate_prefill_cuda_graph_batch_sizes")(8192)
    asked = SimpleNamespace(disable_cuda_graph_padding=False, speculative_algorithm=None)
    sizes = function("sglang", hook, "generate_decode_cuda_graph_batch_sizes", resolving_view=lambda args: asked)
    decodes = sizes(None, 256)
    steps = ((4, 0, 32), (16, 32, 256), (32, 256, 512), (64, 512, 1024), (256, 1024, 4096), (512, 4096, 8192))
    assert prompts == [size for step, above, most in steps for size in range(above + step, most + 1, step)]
    assert decodes == [1, 2, 4, 8, 12, *range(16, 257, 8)] and vllm[-1] == 512 and vllm[33:36] == [248, 256, 272]

    def padded(size: int, captured: list[int]) -> int | None:
        return min((each for each in captured if each >= size), default=None)

    assert (padded(21, vllm), padded(21, decodes)) == (24, 24)
    assert (padded(20 + 310, vllm), padded(310, prompts)) == (336, 320)
    assert (padded(2000, vllm), padded(2000, prompts)) == (None, 2048)
    says(
        "the multiples of 8 to 248 and of 16 from 256 to 512", "1, 2, 4, 8, 12, then the multiples of 8 from 16 to 256",
        "of 4 to 32, of 16 to 256, of 32 to 512, of 64 to 1,024, of 256 to 4,096, of 512 to 8,192",
        "330 tokens: pieces, padded to 336", "with gaps, padded to 320; then 21 decodes, padded to 24",
        "padded to 2,048",
    )  # fmt: skip


def test_outputs_of_an_answer_that_is_not_streamed_do_not_wake_the_task_that_looks_for_its_client():
    manager = source("sglang", f"{SGLANG}/managers/tokenizer_manager.py")
    texts = manager.split("if isinstance(recv_obj, BatchStrOutput):")[1].split("elif isinstance(recv_obj, Batch")[0]
    assert re.search(r"elif state\.finished:\n[^}]*\}\n +else:\n +out_dict = None\n", texts)
    told = manager.split("if out_dict is not None:\n                state.out_list.append(out_dict)")[1]
    assert "pending_notify[rid] = state" in told.split("if self.enable_metrics")[0]
    wait = manager.split("async def _stream_one_response(")[1].split("async def _handle_batch_request")[0]
    assert "timeout=_REQUEST_STATE_WAIT_TIMEOUT" in wait and "except asyncio.TimeoutError:" in wait
    says(
        "Before its first event, and without streaming, it looks for a lost client every 4 s.",
        "it does not wake the task that waits for the answer",
    )


def test_what_holds_in_sglang_on_a_condition_alone():
    drafts = source("sglang", f"{SGLANG}/speculative/spec_info.py")
    assert "return self.is_eagle() or self.is_standalone() or self.is_dflash_family()" in drafts
    uno = source("sglang", f"{SGLANG}/speculative/uno_validation.py")
    assert "UNO speculative decoding does not support grammar decoding." in uno
    says("both a grammar and draft tokens by NGRAM")
    switches = source("sglang", f"{SGLANG}/environ.py")
    assert "SGLANG_ENABLE_REQUEST_HEADER_OVERRIDES = EnvBool(False)" in switches
    says("the header `x-override-rid` only with `SGLANG_ENABLE_REQUEST_HEADER_OVERRIDES=1`")
    completion = source("sglang", f"{SGLANG}/entrypoints/openai/protocol.py").split("class CompletionRequest(")[1]
    completion = completion.split("\nclass ")[0]
    for default in ("temperature: float = 1.0", "top_p: float = 1.0", "top_k: int = -1"):
        assert default in completion
    assert "model_generation_config" not in completion
    says("`/v1/completions` never reads it: 1, 1 and all")
    manager = source("sglang", f"{SGLANG}/managers/tokenizer_manager.py")
    drain = manager.split("async def sigterm_watchdog")[1].split("remain_num_req > 0")[0]
    assert "if self.server_status == ServerStatus.UnHealthy:" in drain
    says("or at once if the last `/health` failed")


def test_vllm_cuts_a_prompt_to_the_whole_context_unless_max_tokens_is_sent():
    params = source("vllm", "vllm/renderers/params.py")
    room = params.split("def max_truncation_tokens")[1].split("def __post_init__")[0]
    assert "if self.max_output_tokens == 0:\n            return max_input_tokens" in room
    assert "max_output_tokens=max_output_tokens or 0" in source(
        "vllm", "vllm/entrypoints/openai/chat_completion/protocol.py"
    )
    says("400, or cut to `truncate_prompt_tokens` (-1 needs `max_tokens`)")


def test_only_vllms_asynchronous_scheduler_has_placeholders():
    plain = source("vllm", "vllm/v1/core/sched/scheduler.py")
    assert not re.search(r"num_output_placeholders \+=", plain)
    assert "request.num_output_placeholders += (" in source("vllm", "vllm/v1/core/sched/async_scheduler.py")
    says("With `--no-async-scheduling` there are no placeholders")
