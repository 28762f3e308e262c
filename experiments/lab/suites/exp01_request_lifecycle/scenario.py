"""Experiment 01's recorded request: alone, on servers as a user starts them; first entries, and no lines."""

from experiments.lab.callpaths.request_patterns import REQUEST, send_alone
from experiments.lab.callpaths.scenario import Scenario, recorded_server

SCENARIO = Scenario("01", "path", {
    "vllm-gpu": recorded_server("vllm-gpu", flags=()),
    "vllm-cpu": recorded_server("vllm-cpu", flags=("--enforce-eager", "--max-model-len", "2048")),
    "sglang-gpu": recorded_server("sglang-gpu", flags=()),
}, REQUEST, send_alone, workload={"seed": None})
