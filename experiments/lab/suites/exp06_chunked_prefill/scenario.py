"""Experiment 06's recorded request: a prompt of several steps among others that decode, with chunks and without."""

from experiments.lab.callpaths.request_patterns import DECODING, LONG_TOKENS, SEED, send_among_others
from experiments.lab.callpaths.scenario import SMALL_SERVERS, VARIANT_SERVERS, Scenario, own_prompt
from experiments.lab.suites.common.watched_lines import CHUNKS, TURN

TURNS = 150  # a bound on the record's size; a prompt's way takes some tens

SCENARIO = Scenario(
    "06", "path-small", SMALL_SERVERS | VARIANT_SERVERS, own_prompt(SEED + 6, LONG_TOKENS, 4), send_among_others,
    {"lines": CHUNKS, "turns": TURNS, "turn": TURN},
    {"seed": SEED + 6, "prompt_tokens": LONG_TOKENS, "decoding": DECODING},
)
