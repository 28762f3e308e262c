"""What the CPU tier of experiment 02 keeps of its workers' rows."""

from experiments.lab.suites.exp02_scheduler_loop import cpu


def test_counts_are_kept_by_run_and_turns_are_not():
    rows = [
        {"run": "small", "steps": 26, "given": 454, "lost": 111, "preempted": ["r6", "r5"], "first": {}},
        {"kind": "run", "run": "overlap", "steps": 36, "beyond": 7, "preempted": []},
        {"kind": "turn", "n": 1, "mode": "prefill", "given": {"r1": 40}, "waiting": []},
    ]
    kept = cpu.count_samples(rows)
    found = {(each["name"], each["labels"]["run"]): (each["unit"], each["values"]) for each in kept}
    assert found == {
        ("steps", "small"): ("count", [26]), ("given", "small"): ("tokens", [454]),
        ("lost", "small"): ("tokens", [111]),
        ("preemptions", "small"): ("count", [2]), ("steps", "overlap"): ("count", [36]),
        ("beyond", "overlap"): ("tokens", [7]), ("preemptions", "overlap"): ("count", [0]),
    }


def test_a_cost_keeps_a_value_a_round():
    (found,) = cpu.cost_samples([{"op": "schedule", "running": 64, "us": [504.2, 507.2]}])
    assert (found["unit"], found["values"]) == ("us", [504.2, 507.2])
    assert found["labels"] == {"op": "schedule", "running": "64"}
