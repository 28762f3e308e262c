"""Experiment 05's recorded request: a prompt sent again, all of which is cached."""

from experiments.lab.callpaths.request_patterns import SEED, send_again
from experiments.lab.callpaths.scenario import SMALL_SERVERS, Scenario, own_prompt
from experiments.lab.suites.common.watched_lines import HIT

# Whole blocks on every engine, so that all of it is cached and what is computed again is the engine's choice.
TOKENS = 384

SCENARIO = Scenario(
    "05", "path-small", SMALL_SERVERS, own_prompt(SEED, TOKENS, 4), send_again, {"lines": HIT},
    {"seed": SEED, "prompt_tokens": TOKENS, "sent_before": 1},
)
