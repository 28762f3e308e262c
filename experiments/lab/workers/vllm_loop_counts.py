"""What vLLM's scheduler gives whom, counted: `python vllm_loop_counts.py MODEL_FOLDER [JSON]`.

Prints one JSON object, {"workload", "rows"}; two runs print the same bytes. JSON overrides keys of WORKLOAD. The
scheduler, the cache manager and the block pool are vLLM's (see vllm_scheduler.py). Nothing is timed, no model runs.

A row is one run: run, steps, decode_only, prefill_only, mixed (steps in which the scheduled requests all had a complete
prompt before, none had, both), stood (how often a request with a complete prompt and a token still to come stayed
among the running and got nothing), given (tokens), needed (what has to be computed once), hits (tokens found in blocks
at a first admission), same_step (those of them in blocks of a request that was admitted in that very step), again
(tokens given to requests that were pre-empted, up to where they had been), lost (tokens that were computed when their
request was pre-empted), preempted (names, in order), first (the step of each request's first token), finished (names,
in order). given = needed - hits + again.
Runs:
  small        loop_requests.SMALL; a step's tokens are in before the next is scheduled
  async        the same with AsyncScheduler, a step scheduled ahead
  priority     small with --scheduling-policy priority; WORKLOAD["low_priority"] are served last
  tight        loop_requests.TIGHT, all at once into a pool that does not hold it, AsyncScheduler
  capped       the same, but only so many may run as fit to their end
  roomy        the same in a pool that holds it
  no-cache     tight without prefix caching: nothing that was computed is found again
  twins        loop_requests.TWINS

Samples of the record `loop-vllm`, label run: every count above; `preemptions` for the number of names in preempted.
"""

import sys

from headless.vllm_scheduler import answer_with, make_config
from vllm_loop import Plain
from worker_kit import loop_requests

WORKLOAD = {
    "small": loop_requests.SMALL, "twins": loop_requests.TWINS, "tight": loop_requests.TIGHT,
    "low_priority": ["r1", "r2"],
}
KINDS = ("decode_only", "prefill_only", "mixed")


class Counted(Plain):
    """An engine that counts what its steps give, between scheduling and the tokens' arrival."""

    def __init__(self, config, kv_tokens: int, asynchronous: bool):
        super().__init__(config, kv_tokens + config.cache_config.block_size, asynchronous)  # one block is no one's
        self.count = dict.fromkeys((*KINDS, "stood", "given", "hits", "same_step", "again", "lost"), 0)
        self.preempted, self.finished, self.everyone, self.reached = [], [], {}, {}

    def step(self) -> dict:
        self.everyone.update(self.scheduler.requests)
        # (complete prompt, tokens computed, pre-emptions, whether a token is still to be given)
        self.before = {
            each.request_id: (not each.is_prefill_chunk, each.num_computed_tokens, each.num_preemptions,
                              each.num_output_tokens + each.num_output_placeholders < each.max_tokens)
            for each in self.scheduler.running
        }
        given = super().step()
        self.finished += [name for name in self.everyone
                          if name not in self.scheduler.requests and name not in self.finished]
        return given

    def _answer(self, given: dict):
        count, running = self.count, {each.request_id for each in self.scheduler.running}
        for name, (_, computed, times, _) in self.before.items():
            if self.everyone[name].num_preemptions > times:
                self.preempted.append(name)
                self.reached[name] = computed
                count["lost"] += computed
        count["stood"] += sum(whole and more and name in running and name not in given
                              for name, (whole, *_, more) in self.before.items())
        if given:
            decoding = sum(name in self.before and self.before[name][0] for name in given)
            kind = "mixed" if 0 < decoding < len(given) else "decode_only" if decoding else "prefill_only"
            count[kind] += 1
            count["given"] += sum(given.values())
        for name, taken in given.items():
            end = self.everyone[name].num_computed_tokens
            count["again"] += max(0, min(end, self.reached.get(name, 0)) - (end - taken))
        new = [name for name in given if self.first.get(name, {}).get("step") == self.steps]
        tables = {name: self.manager.get_block_ids(name)[0] for name in new}
        for name in new:
            hit = self.first[name]["hit"]
            count["hits"] += hit
            fresh = {block for other in new if other != name
                     for block in tables[other][self.first[other]["hit"] // self.block:]}
            count["same_step"] += self.block * sum(block in fresh for block in tables[name][: hit // self.block])
        return super()._answer(given)


def run(model: str, name: str, what: dict, requests: dict, kv_tokens: int, asynchronous=True, low=(), **arguments) -> dict:
    arguments = {"max_num_seqs": what["max_num_seqs"], **arguments}
    config = make_config(model, max_num_batched_tokens=what["budget"], max_model_len=what["max_model_len"], **arguments)
    engine = Counted(config, kv_tokens, asynchronous)
    number, last = 0, max(how["at"] for how in requests.values())
    while number < last:
        number += 1
        loop_requests.arriving(requests, number, lambda name, prompt, answer: engine.add(name, prompt, answer, name in low))
        engine.step()
    engine.run()
    return {
        "run": name, "steps": engine.steps, **engine.count, "needed": loop_requests.needed(requests),
        "preempted": engine.preempted, "finished": engine.finished,
        "first": {request: engine.ready[request]["step"] for request in requests},
    }


def measure(model: str, what: dict) -> list[dict]:
    small, tight = what["small"], what["tight"]
    few, many = small["requests"], loop_requests.tight(tight)
    pool, room = small["blocks"] * small["block_size"], tight["kv_tokens"] - small["block_size"]
    roomy = tight["requests"] * -(-(tight["prompt"] + tight["answer"]) // small["block_size"]) * small["block_size"]
    return [
        run(model, "small", small, few, pool, asynchronous=False),
        run(model, "async", small, few, pool),
        run(model, "priority", small, few, pool, asynchronous=False, low=what["low_priority"],
            scheduling_policy="priority"),
        run(model, "tight", tight, many, room),
        run(model, "capped", tight, many, room, max_num_seqs=tight["cap"]),
        run(model, "roomy", tight, many, roomy),
        run(model, "no-cache", tight, many, room, enable_prefix_caching=False),
        run(model, "twins", what["twins"], what["twins"]["requests"], what["twins"]["blocks"] * what["twins"]["block_size"]),
    ]


if __name__ == "__main__":
    sys.exit(answer_with(measure, WORKLOAD))
