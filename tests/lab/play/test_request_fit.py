"""A request larger than the pool: what is said that each engine would do is what its classes do."""

import json

import pytest

from experiments.lab.errors import LabError
from experiments.lab.play.request_fit import check_pool, sglang_would, vllm_would
from tests.lab.fakes import engine_worker

# The lab's Engine turns away what SGLang would cut or abort; here SGLang gets it all the same.
LET_IN = """
import json, sys
sys.path.insert(0, sys.argv[2])
from types import SimpleNamespace
from headless.sglang_scheduler import Engine, make_args
engine = Engine(make_args(sys.argv[1], chunked_prefill_size=64), 64, running=4)
scheduler = engine.scheduler
known = SimpleNamespace(max_req_len=10**6, max_req_input_len=10**6, model_config=scheduler.model_config,
                        arrived=scheduler.arrived)
found = {}
for name, prompt, answer in json.loads(sys.argv[3]):
    known.arrived = scheduler.arrived
    Engine.add(SimpleNamespace(scheduler=known, kv_tokens=64), name, list(range(1000, 1000 + prompt)), answer)
    steps = 0
    while engine.busy() and steps < 100:
        engine.step()
        steps += 1
    req = engine.requests[name]
    found[name] = [len(req.output_ids), str(req.finished_reason.to_json().get("type")), engine.busy()]
print(json.dumps(found))
"""


def line(prompt, answer, blocks, size=16):
    with pytest.raises(LabError) as error:
        check_pool({"a": {"own": prompt, "answer": answer}}, blocks, size, "mine.toml")
    return str(error.value)


def test_the_line_says_what_each_engine_would_do_and_how_many_blocks_it_takes():
    assert line(100, 20, 4) == (
        "mine.toml: request 'a': its 100 tokens of prompt and 20 of answer need 8 blocks of 16, and the pool has 4: "
        "vLLM would refuse to start with --max-model-len 120; SGLang would abort it with an error, since a prompt may "
        "have at most 57 tokens there; set blocks to 8 or more, or shorten it"
    )
    assert "SGLang would cut its answer to 22 tokens" in line(40, 30, 4)


def test_at_the_border_vllm_serves_what_sglang_cuts():
    assert "vLLM would serve it; SGLang would cut its answer to 22 tokens" in line(40, 24, 4)
    check_pool({"a": {"own": 40, "answer": 22}}, 4, 16, "mine.toml")
    assert vllm_would(40, 22, 4, 16) == "vLLM would serve it" and sglang_would(40, 22, 64) == "SGLang would serve it"


@pytest.mark.engine
def test_vllm_serves_to_the_last_block_and_refuses_to_start_beyond(engine_python):
    sizes = {"blocks": 4, "max_model_len": 64, "budget": 64, "requests": {"a": {"at": 1, "own": 40, "answer": 24}}}
    over = {**sizes, "max_model_len": 65, "requests": {"a": {"at": 1, "own": 40, "answer": 25}}}
    served, refused = engine_worker.ends(engine_python, "vllm_play.py", [sizes, over])
    assert served == 0
    assert refused.startswith("To serve at least one request with the model's max seq len (65)")


@pytest.mark.engine
def test_sglang_cuts_an_answer_and_aborts_a_prompt_and_waits_for_neither(sglang_python):
    asked = [["fits", 40, 22], ["cut", 40, 30], ["longest", 57, 5], ["aborted", 58, 1]]
    model = engine_worker.model_folders.folder("qwen3-8b-shape", engine_worker.config.load())
    found = json.loads(
        engine_worker._run(sglang_python, "-c", LET_IN, str(model), str(engine_worker.WORKERS), json.dumps(asked))
    )
    # The aborted one is served as a prompt of one token, and that pass gives the token that goes with the error.
    assert found == {
        "fits": [22, "length", False], "cut": [22, "length", False], "longest": [5, "length", False],
        "aborted": [1, "abort", False],
    }  # fmt: skip
