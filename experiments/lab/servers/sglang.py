"""SGLang: how it is started, asked and read."""

import json
import urllib.request

from experiments.lab.servers.base import Engine, Started
from experiments.lab.servers.local_http import DIRECT
from experiments.lab.servers.metric_text import total


class Sglang(Engine):
    """Its counters appear with their first count, and only with --enable-metrics."""

    prefix = "sglang"
    hits = "cached_tokens_total"

    def start(self, model: str, distribution: str) -> list[str]:
        return ["-m", "sglang.launch_server", "--model-path", model]

    def room(self, kv_tokens: int, kv_bytes: int, share: str, at_most: str) -> tuple[str, ...]:
        # A share wide enough not to matter: it is of what is free, and others may be loading.
        return ("--mem-fraction-static", at_most, "--max-total-tokens", str(kv_tokens), "--enable-metrics")

    def small_card(self, kv_tokens: int, longest: int, flags: tuple[str, ...]) -> tuple[str, ...]:
        """Graphs for every batch of the suites: its default goes by the card, and they pass that of a small one."""
        return ("--cuda-graph-max-bs-decode", "160")

    def kv_used(self, reading: dict[str, float]) -> float:
        return total(reading, self.metric("num_used_tokens"))

    def token_request(self, model: str, ids: list[int], out: int) -> tuple[str, dict]:
        return "/generate", {
            "input_ids": ids, "sampling_params": {"temperature": 0.0, "max_new_tokens": out, "ignore_eos": True},
        }

    def answered_ids(self, answer: dict) -> list[int] | None:
        return answer.get("output_ids")

    def drop_cache(self, server: Started) -> bool:
        request = urllib.request.Request(f"http://127.0.0.1:{server.port}/flush_cache", method="POST")
        try:
            with DIRECT.open(request, timeout=60) as reply:
                return reply.status == 200
        except OSError:
            return False

    def settings_said(self, server: Started, names: tuple[str, ...]) -> dict:
        """It says them on request; one that is None is not set."""
        with DIRECT.open(f"http://127.0.0.1:{server.port}/server_info", timeout=60) as reply:
            info = json.loads(reply.read())
        return {name: info[name] for name in names if info.get(name) is not None}


ADAPTER = Sglang()
