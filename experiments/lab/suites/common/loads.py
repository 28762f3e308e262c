"""Loads that several experiments send through `vllm bench serve`; lengths are in tokens."""

from dataclasses import dataclass

from experiments.lab.load.load_trace import Ask, Prompts
from experiments.lab.suites.common.workload import Workload


@dataclass(frozen=True)
class AtOnce(Workload):
    """So many requests at once, no two of which share a chunk."""

    requests: int
    prompt_tokens: int
    output_tokens: int

    def asks(self, prompts: Prompts) -> list[Ask]:
        return [Ask(0.0, self.prompt_tokens, self.output_tokens, prompts.fresh(self.prompt_tokens))
                for _ in range(self.requests)]


@dataclass(frozen=True)
class Stages(Workload):
    """Stages one after another: so many requests at once in each."""

    concurrency: tuple[int, ...]
    prompt_tokens: int
    output_tokens: int

    def asks(self, prompts: Prompts, after_s: float) -> list[Ask]:
        """Every stage `after_s` behind the one before; a request's kind is the size of its stage."""
        return [
            Ask(round(number * after_s, 3), self.prompt_tokens, self.output_tokens, prompts.fresh(self.prompt_tokens),
                str(count))
            for number, count in enumerate(self.concurrency) for _ in range(count)
        ]


@dataclass(frozen=True)
class Arrival(Workload):
    """Requests that decode, kind "decoder", and prompts that arrive while they do, kind "prompt", all at `first_s`."""

    decoders: int
    decoder_prompt: int
    decoder_output: int
    prompts: int
    prompt_tokens: int
    prompt_output: int
    first_s: float

    def at_s(self, number: int) -> float:
        """When a prompt is sent, in s after the decoders."""
        return self.first_s

    def asks(self, prompts: Prompts) -> list[Ask]:
        asks = [Ask(0.0, self.decoder_prompt, self.decoder_output, prompts.fresh(self.decoder_prompt), "decoder")
                for _ in range(self.decoders)]
        return asks + [
            Ask(self.at_s(number), self.prompt_tokens, self.prompt_output, prompts.fresh(self.prompt_tokens), "prompt")
            for number in range(self.prompts)
        ]
