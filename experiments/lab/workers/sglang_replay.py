"""A tree of a few tokens, call by call: `python sglang_replay.py MODEL [JSON]`.

Prints one JSON object, {"workload", "rows": [replay], "stand_ins"}; two runs print the same bytes. SGLang's scheduler
serves a few requests from a cache of a few tokens (see sglang_scheduler.py), on the tree core written in Python, for a
compiled one has no lines to see. Whatever the scheduler asks of the tree is a step: the call goes through, then the
tree is looked at, and the lines that ran since the step before are kept. A match that finds what the last one for the
same tokens found, an insertion of nothing new, and a lock on the root, which locks nothing, are no steps.

A word is a token. Events, with the tokens or the node in `args`: match, split, lock, insert, unlock, evict.
"""

import sys

from headless.sglang_scheduler import Engine, answer, make_args
from headless.sglang_state import nodes, sizes
from worker_kit.ran_lines import RanLines

WORKLOAD = {
    "kv_tokens": 40,
    # name, the step of the scheduler before which it comes, prompt, answer tokens
    "requests": [
        ["r1", 0, "You are a helpful assistant . What is a radix tree ?", 3],
        ["r2", 5, "You are a helpful assistant . What is a page ?", 3],
        ["r3", 10, "You are a careful editor . Mend this line .", 1],
        ["r4", 15, "Translate what comes next into French and say nothing else : the cat sat on the mat", 3],
        ["r5", 20, "You are a helpful assistant . What is a radix tree ?", 1],
    ],
}
CORE = "sglang.srt.mem_cache.unified_cache.unified_tree_core:UnifiedTreeCore"
CACHE = "sglang.srt.mem_cache.unified_radix_cache:UnifiedRadixCache"
FULL = "sglang.srt.mem_cache.unified_cache.components.full:FullComponent"
WATCHED = [
    *(f"{CORE}.{name}" for name in ("_match_prefix_helper", "_split_node", "_insert_walk_step", "_insert_commit_step",
                                    "evict_device_leaf")),
    *(f"{CACHE}.{name}" for name in ("insert_req", "cache_unfinished_req")),
    *(f"{FULL}.{name}" for name in ("acquire_component_lock", "release_component_lock", "_evict_device_next_node",
                                    "redistribute_on_node_split")),
]
CALLS = ("match_prefix", "insert", "inc_lock_ref", "dec_lock_ref", "evict", "evict_for_alloc")


class Words:
    """Every word is a token, numbered as they come; what the model says is none of them."""

    def __init__(self):
        self.ids, self.names = {}, {}

    def tokens(self, text: str) -> list[int]:
        found = [self.ids.setdefault(word, 1000 + len(self.ids)) for word in text.split()]
        self.names = {token: word for word, token in self.ids.items()}
        return found

    def text(self, ids) -> str:
        return " ".join(self.names.get(token, "…") for token in ids)


class Watched:
    """An engine's tree, whose calls become steps."""

    def __init__(self, engine, words: Words, ran: RanLines):
        self.engine, self.words, self.ran, self.steps, self.matched, self.who = engine, words, ran, [], {}, None
        self.numbers = {}  # SGLang's node ids to ours, the root 0: its counter runs on from tree to tree
        for name in CALLS:
            setattr(engine.cache, name, self.through(getattr(self, name.removesuffix("_for_alloc")),
                                                     getattr(engine.cache, name)))
        for name in ("insert_req", "cache_unfinished_req"):
            setattr(engine.cache, name, self.of(getattr(engine.cache, name)))
        self.step([])

    def of(self, call):
        def asked(req, *args, **options):
            self.who = req.rid
            return call(req, *args, **options)
        return asked

    def through(self, told, call):
        """The call, and a step if `told` says that something happened. A node that was there and has a new parent
        was split."""
        def asked(*args, **options):
            before = {node["id"]: node["parent"] for node in nodes(self.engine)}
            found = call(*args, **options)
            event = told(found, *args)
            split = [
                self.event("split", node=self.number(node["id"]), above=self.number(node["parent"]), tokens=node["tokens"])
                for node in nodes(self.engine) if before.get(node["id"], node["parent"]) != node["parent"]
            ]
            if event or split:
                self.step([each for each in (event, *split) if each])
            return found
        return asked

    def number(self, node) -> int | None:
        return None if node is None else self.numbers.setdefault(int(node), len(self.numbers))

    def event(self, event: str, **args) -> dict:
        return {"event": event, "who": self.who, "args": {key: int(value) for key, value in args.items()}}

    def match_prefix(self, found, params):
        if params.req is not None:
            self.who = params.req.rid
        hit, key = len(found.device_indices), tuple(params.key.token_ids)
        same, self.matched[key] = self.matched.get(key) == hit, hit
        return None if same or hit == len(key) else self.event("match", hit=hit, tokens=len(key))

    def insert(self, found, params):
        new = len(params.key) - found.prefix_len
        return self.event("insert", had=found.prefix_len, new=new) if new else None

    def inc_lock_ref(self, _found, node, *_):
        return None if self.engine.cache.is_root(node) else self.event("lock", node=self.number(node))

    def dec_lock_ref(self, _found, node, *_):
        return None if self.engine.cache.is_root(node) else self.event("unlock", node=self.number(node))

    def evict(self, found, _params):
        return self.event("evict", tokens=found.num_tokens_evicted) if found.num_tokens_evicted else None

    def step(self, events: list) -> None:
        core = self.engine.cache.tree_core
        told = [
            {"id": self.number(node["id"]), "parent": self.number(node["parent"]),
             **{key: node[key] for key in ("tokens", "lock", "used")},
             "label": self.words.text(core.node_by_id(node["id"]).key.token_ids) if node["tokens"] else ""}
            for node in nodes(self.engine)
        ]
        self.steps.append({"n": len(self.steps), "events": events, "ran": self.ran.take(),
                           "state": {"nodes": told, **sizes(self.engine)}})


def measure(model: str, what: dict) -> list[dict]:
    words, engine = Words(), Engine(make_args(model), what["kv_tokens"], core="python")
    prompts = {name: words.tokens(text) for name, _, text, _ in what["requests"]}
    with RanLines(WATCHED) as ran:
        watched, waiting = Watched(engine, words, ran), list(what["requests"])
        while waiting or engine.busy():
            while waiting and waiting[0][1] <= engine.steps:
                name, _, _, out = waiting.pop(0)
                engine.add(name, prompts[name], out)
            engine.step()
            if waiting and not engine.busy():  # the next comes when nothing is left to do
                name, _, _, out = waiting.pop(0)
                engine.add(name, prompts[name], out)
        files = ran.files()
    return [{
        "format": 1, "kind": "tree", "setup": {"tokens": what["kv_tokens"]}, "files": files,
        "requests": {name: {"prompt": len(prompts[name]), "output": out} for name, _, _, out in what["requests"]},
        "steps": watched.steps,
    }]


if __name__ == "__main__":
    sys.exit(answer(measure, WORKLOAD))
