"""A reader's own requests through vLLM's scheduler: `python vllm_play.py MODEL_FOLDER [JSON]`.

Prints one JSON object, {"workload", "rows"}. The single row is {"replay", "ended"}: the replay of vllm_loop.py, whose
scheduler, events and states these are, and how it ended: "finished", "stuck" (nobody got a token for PATIENCE steps, and
nobody is still to come) or "limit" (`steps` were not enough). JSON overrides keys of WORKLOAD. `policy` is
--scheduling-policy; a request's `priority` counts with the policy of that name alone, the smallest first.
"""

import sys

import vllm_loop
from headless.vllm_scheduler import answer_with, make_config
from vllm.sampling_params import SamplingParams
from vllm.v1.request import Request
from worker_kit.play_end import Ending, quick

WORKLOAD = {**vllm_loop.WORKLOAD, "steps": 400, "asynchronous": False, "watermark": 0.0, "policy": "fcfs"}


class Engine(vllm_loop.Plain):
    """Of two requests of one priority, the one that came first is the earlier, as on a server."""

    priorities: dict[str, int] = {}

    def add(self, name: str, prompt: list[int], answer: int, priority: int = 0) -> None:
        params = SamplingParams(temperature=0.0, max_tokens=answer, ignore_eos=True)
        self.scheduler.add_request(Request(
            name, prompt, params, None, arrival_time=1.0e9 + list(self.priorities).index(name),
            block_hasher=self.hasher, priority=self.priorities[name],
        ))


class Loop(Ending, vllm_loop.Loop):
    def __init__(self, model: str, what: dict):
        config = make_config(
            model, max_num_batched_tokens=what["budget"], max_model_len=what["max_model_len"],
            block_size=what["block_size"], max_num_seqs=what["max_num_seqs"], watermark=what["watermark"],
            scheduling_policy=what["policy"],
        )
        # One block is no one's.
        engine = Engine(config, (what["blocks"] + 1) * what["block_size"], what["asynchronous"])
        # In the order of their coming; those of one step in that of the file.
        coming = sorted(what["requests"].items(), key=lambda item: item[1]["at"])
        engine.priorities = {name: how.get("priority", 0) for name, how in coming}
        super().__init__(engine, what)

    def step(self, number: int) -> dict:
        given = super().step(number)
        self.seen(number, bool(given))
        return given


def measure(model: str, what: dict) -> list[dict]:
    quick(vllm_loop, what["requests"])
    loop = Loop(model, what)
    replay = vllm_loop.replay(loop)
    replay["setup"] |= {key: what[key] for key in ("asynchronous", "watermark", "policy")}
    return [{"replay": replay, "ended": loop.ended}]


if __name__ == "__main__":
    sys.exit(answer_with(measure, WORKLOAD))
