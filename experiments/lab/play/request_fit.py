"""What the engines do with a request that their pool cannot hold, said before anything is started.

Neither lets one in and then hangs. vLLM does not start where the pool is smaller than one request of --max-model-len,
which has to be as long as the longest request (`check_enough_kv_cache_memory`); of the blocks one is no one's and a
request needs the others. SGLang answers a prompt of the pool less six tokens or more with an error
(`validate_input_length`), and cuts an answer where prompt and answer are more than the pool less two
(`Scheduler.init_req_max_new_tokens`). tests/lab/play/test_request_fit.py drives both to these borders.
"""

from experiments.lab.errors import LabError

SGLANG_BACK = 2  # tokens of the pool that prompt and answer together may not have
SGLANG_PROMPT_BACK = 7  # the same of a prompt


def check_pool(requests: dict[str, dict], blocks: int, block_size: int, file: str) -> None:
    """LabError for the first request that does not fit into the pool by itself, with what each engine would do."""
    for name, how in requests.items():
        prompt, answer = how["own"] + how.get("shared", 0), how["answer"]
        need = blocks_for(prompt, answer, block_size)
        if need > blocks:
            raise LabError(
                f"{file}: request '{name}': its {prompt:,} tokens of prompt and {answer:,} of answer need {need:,} "
                f"blocks of {block_size}, and the pool has {blocks:,}: "
                f"{vllm_would(prompt, answer, blocks, block_size)}; "
                f"{sglang_would(prompt, answer, blocks * block_size)}; set blocks to {need:,} or more, or shorten it"
            )


def blocks_for(prompt: int, answer: int, block_size: int) -> int:
    """Blocks that hold a request in both engines to its end."""
    least = max(prompt + answer + SGLANG_BACK, prompt + SGLANG_PROMPT_BACK)
    return max(-(-(prompt + answer) // block_size), -(-least // block_size))


def vllm_would(prompt: int, answer: int, blocks: int, block_size: int) -> str:
    if -(-(prompt + answer) // block_size) <= blocks:
        return "vLLM would serve it"
    return f"vLLM would refuse to start with --max-model-len {prompt + answer}"


def sglang_would(prompt: int, answer: int, tokens: int) -> str:
    if prompt > (most := tokens - SGLANG_PROMPT_BACK):
        return f"SGLang would abort it with an error, since a prompt may have at most {max(most, 0):,} tokens there"
    if prompt + answer > tokens - SGLANG_BACK:
        return f"SGLang would cut its answer to {tokens - SGLANG_BACK - prompt:,} tokens"
    return "SGLang would serve it"
