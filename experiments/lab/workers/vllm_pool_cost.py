"""What a block costs the scheduler, against the size of the pool: `python vllm_pool_cost.py MODEL_FOLDER [JSON]`.

Prints one JSON object, {"workload", "rows"}. JSON overrides keys of WORKLOAD. Timed, so that no two runs are alike. The
block pool and the hasher are vLLM's. Every pool is full of free blocks with a hash, as on a server that has run for a
while; the hashes are random bytes there, since a pool does not ask what they are of. All pools are held at once and
visited in random order within a round, the collector of garbage switched off meanwhile.

A row is an operation on a pool: op, blocks (of the pool), ns: for each round the median over WORKLOAD["repeats"] of the
time a block, `batch` blocks at once:
  evict    get_new_blocks on blocks that have a hash, which they lose
  drop     free_blocks on blocks without a hash: to the front of the queue
  allocate get_new_blocks on blocks that have none
  enter    cache_full_blocks: a hash that is there already is entered for a block
  keep     free_blocks on blocks with a hash: to the end of the queue
  lookup   get_cached_block for hashes of random blocks
  touch    touch on random free blocks: out of the middle of the queue
Rows "hash" have no pool: blocks 0, the time a block of the request's hasher for a prompt of `prompt` tokens.

Samples of the record `cost-vllm`: cost (ns), labels op, blocks, a value a round.
"""

import gc
import random
import statistics
import sys
import time
import types

from headless.vllm_scheduler import (
    BLOCK,
    Request,
    SamplingParams,
    answer_with,
    get_hash_fn_by_name,
    get_request_block_hasher,
    init_none_hash,
    tokens,
)
from vllm.config import CacheConfig
from vllm.v1.core.block_pool import BlockPool

WORKLOAD = {
    "seed": 20261129, "pools": [1024, 8192, 65_536, 1_048_576], "batch": 256, "repeats": 15, "rounds": 5, "prompt": 4096,
}
GROUP = 0  # the one group of layers that a model with one kind of attention has


def entered(pool: BlockPool, blocks: list, rng: random.Random) -> list[bytes]:
    """Enter a hash of random bytes for each block, and return the hashes."""
    hashes = [rng.randbytes(32) for _ in blocks]
    pool.cache_full_blocks(types.SimpleNamespace(block_hashes=hashes), blocks, 0, len(blocks), BLOCK, GROUP)
    return hashes


def full(size: int, rng: random.Random) -> BlockPool:
    """A pool of `size` blocks beside the one that is no one's, all of them free and hashed."""
    pool = BlockPool(size + 1, enable_caching=True, hash_block_size=BLOCK)
    blocks = pool.get_new_blocks(size)
    entered(pool, blocks, rng)
    rng.shuffle(blocks)  # neighbours in the queue of a pool that has run for a while are none in memory
    pool.free_blocks(blocks)
    return pool


def timed(go) -> tuple:
    begin = time.perf_counter_ns()
    result = go()
    return time.perf_counter_ns() - begin, result


def visit(pool: BlockPool, batch: int, rng: random.Random) -> dict:
    """ns of each operation on `batch` blocks; leaves the pool full of free, hashed blocks."""
    spent = {}
    spent["evict"], blocks = timed(lambda: pool.get_new_blocks(batch))
    spent["drop"], _ = timed(lambda: pool.free_blocks(reversed(blocks)))
    spent["allocate"], blocks = timed(lambda: pool.get_new_blocks(batch))
    request = types.SimpleNamespace(block_hashes=[rng.randbytes(32) for _ in blocks])
    spent["enter"], _ = timed(lambda: pool.cache_full_blocks(request, blocks, 0, batch, BLOCK, GROUP))
    spent["keep"], _ = timed(lambda: pool.free_blocks(reversed(blocks)))
    some = rng.sample(pool.blocks[1:], batch)
    hashes = [block.block_hash[:-4] for block in some]
    spent["lookup"], found = timed(lambda: [pool.get_cached_block(key, [GROUP]) for key in hashes])
    spent["touch"], _ = timed(lambda: pool.touch(some))
    if [each[0] for each in found] != some or pool.get_num_free_blocks() != pool.num_gpu_blocks - 1 - batch:
        raise ValueError("the pool is not as full as it was to be")
    pool.free_blocks(some)
    return spent


def hasher():
    """What hashes a request's full blocks, with the algorithm that the release takes unasked."""
    function = get_hash_fn_by_name(CacheConfig().prefix_caching_hash_algo)
    init_none_hash(function)
    return get_request_block_hasher(BLOCK, function)


def hashing(hash_request, what: dict, number: int) -> float:
    """ns a block for a prompt that nobody has hashed yet."""
    request = Request(f"r{number}", tokens(f"r{number}", what["prompt"]), SamplingParams(max_tokens=1), None)
    spent, hashes = timed(lambda: hash_request(request))
    return spent / len(hashes)


def measure(_model: str, what: dict) -> list[dict]:
    if min(what["pools"]) < 2 * what["batch"]:
        raise ValueError(f"a pool of {min(what['pools'])} blocks: give at least {2 * what['batch']}, two batches")
    rng, hash_request = random.Random(what["seed"]), hasher()
    pools = {size: full(size, rng) for size in what["pools"]}
    found = {}
    gc.collect()
    gc.disable()
    for _ in range(what["rounds"]):
        for size in rng.sample(list(pools), len(pools)):
            visits = [visit(pools[size], what["batch"], rng) for _ in range(what["repeats"])]
            for op in visits[0]:
                median = statistics.median(each[op] for each in visits)
                found.setdefault((op, size), []).append(round(median / what["batch"], 2))
        times = [hashing(hash_request, what, number) for number in range(what["repeats"])]
        found.setdefault(("hash", 0), []).append(round(statistics.median(times), 2))
    return [{"op": op, "blocks": size, "ns": values} for (op, size), values in sorted(found.items())]


if __name__ == "__main__":
    sys.exit(answer_with(measure, WORKLOAD))
