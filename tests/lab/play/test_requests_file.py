"""The file of `make play`: what it may say, and the line for whatever it may not."""

import re

import pytest

from experiments.lab.errors import LabError
from experiments.lab.host.config import ROOT
from experiments.lab.play import requests_file

ONE = '[[request]]\nname = "a"\nprompt = 20\nanswer = 4\n'


def read(tmp_path, text):
    file = tmp_path / "mine.toml"
    file.write_text(text)
    return requests_file.read(file)


def test_the_example_is_the_sites_running_example():
    """The worker's own workload, which the site's replays were made of."""
    found = requests_file.read(ROOT / "experiments/play/example.toml")
    source = (ROOT / "experiments/lab/workers/worker_kit/loop_requests.py").read_text()
    kit = {}
    exec(source.replace("from worker_kit.worker_io import tokens", ""), kit)
    small = kit["SMALL"]
    assert {key: found[key] for key in ("budget", "blocks", "block_size", "max_num_seqs")} == {
        key: small[key] for key in ("budget", "blocks", "block_size", "max_num_seqs")
    }
    plain = {
        name: {key: value for key, value in how.items() if key != "priority"} for name, how in found["requests"].items()
    }
    assert plain == small["requests"]


def test_what_is_left_out_has_a_default(tmp_path):
    found = read(tmp_path, ONE)
    assert found == {
        "requests": {"a": {"at": 1, "own": 20, "answer": 4, "priority": 0}},
        "budget": 64, "blocks": 18, "block_size": 16, "steps": 400, "max_num_seqs": 6, "max_model_len": 24,
        "vllm": {"policy": "fcfs", "async": False, "watermark": 0.0},
        "sglang": {"policy": "fcfs", "overlap": False, "mixed": False},
    }  # fmt: skip


def test_a_prefix_may_be_the_whole_prompt_and_of_one_that_has_a_prefix_too(tmp_path):
    more = ONE + ONE.replace('"a"', '"b"') + 'like = "a"\nshared = 20\n' + ONE.replace('"a"', '"c"')
    found = read(tmp_path, more + 'like = "b"\nshared = 18\n')["requests"]
    assert (found["b"]["own"], found["c"]["own"], found["c"]["of"]) == (0, 2, "b")


def request(**keys):
    """A request's TOML with some keys changed, or left out by None."""
    table = {"name": '"a"', "prompt": 20, "answer": 4} | keys
    return "[[request]]\n" + "".join(f"{key} = {value}\n" for key, value in table.items() if value is not None)


@pytest.mark.parametrize(
    "text, line",
    [
        (request(prompt=-5), "mine.toml: request 'a': prompt is -5; write 1 to 8,192"),
        (request(answer=0), "mine.toml: request 'a': answer is 0; write 1 to 500"),
        (request(arrives=-1), "mine.toml: request 'a': arrives is -1; write 1 to 500"),
        (request(prompt='"long"'), "mine.toml: request 'a': prompt is 'long'; write a whole number, 1 to 8,192"),
        (request(answer="true"), "mine.toml: request 'a': answer is True; write a whole number, 1 to 500"),
        (request(answer=None), "mine.toml: request 'a': 'answer' is missing; add it, 1 to 500"),
        (request(promt=3), "mine.toml: request 'a': unknown key 'promt'; remove it, or use one of name, like, prompt"),
        ("poolsize = 3\n" + ONE, "mine.toml: unknown key 'poolsize'; remove it, or use one of budget, blocks"),
        ("[vlm]\n" + ONE, "mine.toml: unknown key 'vlm'; remove it"),
        ('[vllm]\npolicy = "lpm"\n' + ONE, "mine.toml: [vllm]: policy 'lpm' is not known; use one of fcfs, priority"),
        ('[sglang]\npolicy = "sjf"\n' + ONE, "mine.toml: [sglang]: policy 'sjf' is not known; use one of fcfs, lpm"),
        ("[sglang]\npolicy = [1]\n" + ONE, "mine.toml: [sglang]: policy [1] is not known"),
        ("[sglang]\nmixed = 1\n" + ONE, "mine.toml: [sglang]: mixed is 1; write true or false"),
        ("[vllm]\nwatermark = 1\n" + ONE, "mine.toml: [vllm]: watermark is 1; write a share from 0 to below 1"),
        ("vllm = 3\n" + ONE, "mine.toml: [vllm]: is no table"),
        (ONE + ONE, "mine.toml: request 'a': two are called that; rename one"),
        (request(name='"a b"'), "mine.toml: request number 1: its name is 'a b'; give it one of 1 to 12 letters"),
        (request(name=None), "mine.toml: request number 1: its name is not there"),
        ("request = [3]\n", "mine.toml: request number 1: its name is not there"),
        ("", "mine.toml: there is no request; write [[request]]"),
        ("request = 3\n", "mine.toml: there is no request"),
        (ONE * 10_000, "mine.toml: has 10,000 requests, and a page shows at most 64"),
        (request(shared=3), "mine.toml: request 'a': 'like' is missing; a prefix needs both"),
        (request(like='"b"', shared=3), "mine.toml: request 'a': like is 'b', and no request above it is called that"),
        (
            ONE + request(name='"b"', prompt=8, like='"a"', shared=9),
            "mine.toml: request 'b': shared is 9, longer than its own prompt of 8; share less",
        ),
        (
            ONE + request(name='"b"', prompt=40, like='"a"', shared=21),
            "mine.toml: request 'b': shared is 21, longer than the prompt of 'a' (20); share less",
        ),
        ("places = 8\nbudget = 4\n" + ONE, "mine.toml: places is 8 and budget 4: vLLM refuses a budget"),
        ("steps = 5000\n" + ONE, "mine.toml: steps is 5,000; write 1 to 500"),
        (
            "steps = 10\n" + request(arrives=11),
            "mine.toml: request 'a': arrives before step 11, and the run is stopped",
        ),
        ("blocks = 1\n" + ONE, "mine.toml: request 'a': its 20 tokens of prompt and 4 of answer need 2 blocks of 16"),
        ("budget = \n", "mine.toml: not TOML (Invalid value (at line 1, column 10)); correct that line"),
    ],
)
def test_whatever_is_wrong_is_one_line(tmp_path, text, line):
    with pytest.raises(LabError, match=re.escape(line)) as error:
        read(tmp_path, text)
    assert "\n" not in str(error.value)


def test_a_file_that_is_not_there_and_one_that_is_no_text(tmp_path):
    with pytest.raises(LabError, match="none.toml: there is no such file; name one, or copy experiments/play/example"):
        requests_file.read(tmp_path / "none.toml")
    with pytest.raises(LabError, match="cannot be read"):
        requests_file.read(tmp_path)
    (tmp_path / "mine.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(LabError, match="mine.toml: not TOML"):
        requests_file.read(tmp_path / "mine.toml")
