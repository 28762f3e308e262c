"""`python -m experiments.lab verify`: every committed claim evaluated again from its records and compared.

Each experiment is evaluated in a process of its own, so that what it was evaluated from is known; as many at once as
there are processors. One whose inputs are unchanged since its claims were found as written is not evaluated again.
`python -m experiments.lab.evaluation.reevaluate_claims NN ROOT` is such a process.
"""

import concurrent.futures
import json
import os
import subprocess
import sys
from argparse import Namespace
from dataclasses import dataclass
from pathlib import Path

from experiments.lab.errors import LabError
from experiments.lab.evaluation import host_ranges, plan_claims, verified, verify_claims
from experiments.lab.evaluation.committed_claims import claimed_experiments
from experiments.lab.host import config

CODE = Path(__file__).resolve().parents[3]


@dataclass(frozen=True)
class Outcome:
    """What became of an experiment: how many claims it has, a line for each that differs, whether it was evaluated."""

    claims: int
    wrong: list[str]
    evaluated: bool = True


def verify_command(options: Namespace, _settings: object) -> int:
    """Compare every committed claim (`options.exp`: of one experiment; `options.all`: unchanged ones too) with what its
    records give; a line for each difference, and at the end how many were unchanged since they were verified."""
    root = config.ROOT
    outcomes = outcomes_of(claimed_experiments(options.exp), root, again=options.all)
    wrong = [line for outcome in outcomes for line in outcome.wrong]
    wrong = wrong or host_ranges.differences(root)  # they follow from the claims: of wrong ones they say nothing
    for line in wrong:
        print(line, file=sys.stderr)
    if not wrong:
        claims, same = sum(outcome.claims for outcome in outcomes), sum(not outcome.evaluated for outcome in outcomes)
        print(
            f"{claims} claims are as written; "
            f"{same} of {len(outcomes)} experiments unchanged since they were verified"
        )
    return 1 if wrong else 0


def outcomes_of(experiments: list[str], root: Path, again: bool = False) -> list[Outcome]:
    """The experiments' outcomes, in their order. LabError for one that cannot be evaluated."""
    kept = {} if again else {name: verified.unchanged(name, root) for name in experiments}
    found = {name: Outcome(claims, [], evaluated=False) for name, claims in kept.items() if claims is not None}
    # Many bytes of records take long: begun last, they would keep one processor waiting.
    left = sorted(set(experiments) - set(found), key=lambda name: -_bytes(root / config.REFERENCE / name))
    running: list[subprocess.Popen] = []
    pool = concurrent.futures.ThreadPoolExecutor(max_workers=os.cpu_count())
    try:
        found |= zip(left, pool.map(lambda name: _evaluated(name, root, running), left), strict=True)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
        for process in running:  # after an interrupt or the first failure; those that ended do not mind
            process.kill()
    return [found[name] for name in experiments]


def _evaluated(experiment: str, root: Path, running: list[subprocess.Popen]) -> Outcome:
    """Evaluate in a child; remember a success. LabError for what the child could not evaluate."""
    started = verified.now_ns()
    command = [sys.executable, "-m", "experiments.lab.evaluation.reevaluate_claims", experiment, str(root)]
    child = subprocess.Popen(command, cwd=CODE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    running.append(child)
    out, err = child.communicate()
    if child.returncode:
        last = (err.strip().splitlines() or [f"its process ended with status {child.returncode} and said nothing"])[-1]
        verified.forget(experiment, root)
        raise LabError(last)
    said = json.loads(out)
    if said["wrong"]:
        verified.forget(experiment, root)
    else:
        verified.remember(experiment, root, said["claims"], (said["files"], said["folders"]), started)
    return Outcome(said["claims"], said["wrong"])


def _bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def child(experiment: str, root: Path) -> int:
    """Evaluate here, and print what came of it and what was read, as JSON."""
    reads = verified.Reads(root)
    try:
        claims, wrong = verify_claims.evaluated_again(experiment, root)
        wrong += plan_claims.differences(experiment, root)
    except LabError as error:
        print(" ".join(str(error).split()), file=sys.stderr)
        return 1
    files, folders = reads.inputs(experiment)
    print(json.dumps({"claims": claims, "wrong": wrong, "files": files, "folders": folders}))
    return 0


if __name__ == "__main__":
    sys.exit(child(sys.argv[1], Path(sys.argv[2])))
