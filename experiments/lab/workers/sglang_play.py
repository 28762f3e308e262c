"""A reader's own requests through SGLang's scheduler: `python sglang_play.py MODEL_FOLDER [JSON]`.

Prints one JSON object, {"workload", "rows", "stand_ins"}. The single row is {"replay", "ended"}: the replay of
sglang_loop_replay.py, whose scheduler, events and states these are, and how it ended, as in vllm_play.py. JSON overrides
keys of WORKLOAD. `policy` is --schedule-policy.
"""

import sys

import sglang_loop_replay
from headless.sglang_scheduler import Engine, answer, make_args
from headless.sglang_seen import Decisions
from worker_kit.play_end import Ending, quick

WORKLOAD = {
    **{key: value for key, value in sglang_loop_replay.WORKLOAD.items() if key != "runs"}, "steps": 400, "policy": "fcfs",
}


class Loop(Ending, sglang_loop_replay.Loop):
    def __init__(self, model: str, what: dict):
        self.what, self.decisions = what, Decisions()
        args = make_args(
            model, chunked_prefill_size=what["budget"], enable_mixed_chunk=what["mixed"], schedule_policy=what["policy"]
        )
        self.engine = Engine(args, what["blocks"] * what["block_size"], running=what["max_num_seqs"], overlap=what["overlap"])
        self.last = max(how["at"] for how in what["requests"].values())
        self.turn, real = 0, self.engine.step

        def step() -> dict:
            did = real()
            self.turn += 1
            self.seen(self.turn, bool(did["mode"]))
            return did

        self.engine.step = step


def measure(model: str, what: dict) -> list[dict]:
    quick(sglang_loop_replay, what["requests"])
    loop = Loop(model, what)
    replay = sglang_loop_replay.replay(loop)
    replay["setup"]["policy"] = what["policy"]
    return [{"replay": replay, "ended": loop.ended}]


if __name__ == "__main__":
    sys.exit(answer(measure, WORKLOAD))
