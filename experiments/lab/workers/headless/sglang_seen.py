"""What SGLang's scheduler decides about a prompt, and where the slots of its pool are, seen and not changed.

Runs in SGLang's interpreter, on an Engine of sglang_scheduler.py.
"""

from types import SimpleNamespace

from sglang.srt.managers import scheduler as module
from sglang.srt.managers.schedule_policy import AddReqResult, PrefillAdder


class Decisions:
    """While open, what each PrefillAdder of the scheduler was asked, since the last `clear`.

    `asked` are {"who", "wants", "left", "reserved", "used", "fits"} in order: the slots that the request would take to
    its end, those that are left, those kept for the running ones' answers, those in use. `last` is what the adder said
    when it was asked last: "CONTINUE", "NO_TOKEN" or "OTHER", SGLang's words; "" where nobody was asked for.
    """

    def __init__(self):
        self.clear()

    def clear(self) -> None:
        self.asked: list[dict] = []
        self.last = ""

    def __enter__(self) -> "Decisions":
        told = self

        class Seen(PrefillAdder):
            def __init__(self, *args, **options):
                super().__init__(*args, **options)
                self.kept_for_answers = self.memory_budget.total_offset

            def add_one_req(self, *args, **options):
                found = super().add_one_req(*args, **options)
                told.last = found.name
                return found

            def _select_prefill_admission(self, req, *, total_tokens, **options):
                left, free = self.rem_total_tokens, self.memory_budget._available_and_evictable()
                found = super()._select_prefill_admission(req, total_tokens=total_tokens, **options)
                told.asked.append({
                    "who": req.rid, "wants": int(total_tokens), "left": round(float(left), 1),
                    "reserved": round(float(self.kept_for_answers), 1),
                    "used": int(self.token_to_kv_pool_allocator.size - free),
                    "fits": found is not AddReqResult.NO_TOKEN,
                })
                return found

        self._real, module.PrefillAdder = module.PrefillAdder, Seen
        return self

    def __exit__(self, *_) -> None:
        module.PrefillAdder = self._real


def reserve(engine, names: list[str]) -> float:
    """Slots that a decision would keep free now for the answers of these requests, by SGLang's own method."""
    ratio = SimpleNamespace(new_token_ratio=engine.scheduler.new_token_ratio_tracker.current)
    offset = PrefillAdder._get_running_request_total_token_offset
    return round(float(sum(offset(ratio, engine.requests[name]) for name in names)), 1)


def slots(engine, names: list[str]) -> dict:
    """{"held": {request: slots that none before it in `names` has}, "kept": slots of the tree that no request uses,
    "free", "slots": all}. A slot is a token's place in the pool."""
    table, seen, held = engine.scheduler.req_to_token_pool.req_to_token, set(), {}
    for name in names:
        req = engine.requests[name]
        own = {int(slot) for slot in table[req.kv.req_pool_idx, : int(req.kv.kv_committed_len)]}
        held[name] = len(own - seen)
        seen |= own
    return {"held": held, "kept": int(engine.cache.evictable_size()), "free": int(engine.pool.available_size()),
            "slots": engine.kv_tokens}
