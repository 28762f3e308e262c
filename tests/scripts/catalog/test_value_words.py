"""The words beside a value are its own: another engine's value, two that were swapped, one that was left are told."""

from types import SimpleNamespace

import pytest

from scripts.catalog import value_words
from scripts.catalog.value_sentences import Sentence

PINS = {"vllm": SimpleNamespace(name="vLLM"), "sglang": SimpleNamespace(name="SGLang")}
LABELS = {
    "pool": {"ratio": "time between tokens, largest pool", "gain": "throughput, largest pool"},
    "saved": {"vllm_short": "vLLM, first token saved", "sglang_short": "SGLang, first token saved"},
    "cost": {"each": "for each running request"},
    "step": {"c1": "token time in step, 1 request", "c32": "token time in step, 32 requests"},
}  # fmt: skip
SENTENCES = {
    "pool": "It is {ratio} times as long, at {gain} times the throughput.",
    "saved": "It is lower by {vllm_short} in vLLM and {sglang_short} in SGLang.",
    "cost": "A call takes {each} for each request, a copy {copy} in Rust; {some} of {all}, {same} alike.",
    "step": "It takes {c1} with one request and {c32} with 32.",
    "other": "The first token takes {t512} times as long.",
}
NUMBERS = {"some": 1, "all": 3, "same": 3}


def claim(name):
    values = [part.partition("}")[0] for part in SENTENCES[name].split("{")[1:]]
    held = {each: {"value": NUMBERS.get(each, 2), "unit": "1"} for each in values}
    pin = {"vllm": "1"} if name == "step" else {"vllm": "1", "sglang": "1"}
    data = {"values": held, "sentence": SENTENCES[name], "title": f"The {name} grows", "pin": pin}
    return SimpleNamespace(id=name, data=data, hosts=[SimpleNamespace(values=held)] * 2)


def doubts(text):
    evidence = SimpleNamespace(claims={name: claim(name) for name in SENTENCES}, labels=LABELS, pins=PINS)
    return [each.says for each in value_words.doubts(Sentence("docs/a.md", 3, text), evidence)]


@pytest.mark.parametrize(
    "text",
    [
        "eight times the pool gave {{pool.gain}} times the throughput and {{pool.ratio}} times that time",
        "the time falls by {{saved.vllm_short.hosts}} in vLLM and {{saved.sglang_short.hosts}} in SGLang",
        "vLLM's time falls by {{saved.vllm_short}}, SGLang's by {{saved.sglang_short}}",
        "SGLang is the same on all hosts, {{saved.sglang_short}}, and vLLM is not, {{saved.vllm_short}}",
        "with one request {{step.c1}} times (on the first host {{step.c1.ci}}), {{step.c32}} with 32 in vLLM",
        "wait: vLLM {{saved.vllm_short}} | wait: SGLang {{saved.sglang_short}}",
        "of a list {{cost.some}} of {{cost.all}} were alike",
        "{{cost.same}} of the {{cost.all}} were alike",
        "throughput is {{pool.gain}} times, and the first token takes {{other.t512}} times with 512",
        "it falls by {{saved.vllm_short}}; {{gone.value}}, {{pool.none}}, {{record:01/a#b}}",
    ],
)
def test_values_with_their_own_words_pass(text):
    assert doubts(text) == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "eight times the pool gave {{pool.ratio}} times the throughput and {{pool.gain}} times that time",
            "has {{pool.ratio}} and {{pool.gain}} swapped: ratio is 'time between tokens, largest pool' and ",
        ),
        (
            "falls by {{saved.vllm_short.hosts}} in vLLM and {{saved.vllm_short.hosts}} in SGLang",
            "has {{saved.vllm_short.hosts}} twice; one of them is another value's place",
        ),
        (
            "the time falls by {{saved.vllm_short.ci}} in SGLang",
            "has {{saved.vllm_short.ci}}, which is vLLM's, beside the name of SGLang; take SGLang's value",
        ),
        ("in SGLang it takes {{step.c1}} times", "has {{step.c1}}, which is vLLM's, beside the name of SGLang"),
        ("it takes {{step.c1}} and {{step.c32}} times", "has {{step.c1}} and {{step.c32}} and no word beside them"),
        ("{{cost.copy}} for each request, {{cost.each}} a copy in Rust", "each is 'for each running request'"),
        ("were {{cost.all}} of {{cost.some}}", "{{cost.some}} swapped: the whole is less than its part"),
        (
            "throughput is {{other.t512}} times, and the first token takes {{pool.gain}} times with 512",
            "has {{other.t512}} and {{pool.gain}} swapped: other is 'The other grows' and pool is 'The pool grows'",
        ),
    ],
)
def test_values_with_anothers_words_are_told(text, said):
    assert any(said in each for each in doubts(text)), doubts(text)
