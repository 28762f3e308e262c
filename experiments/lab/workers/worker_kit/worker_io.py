"""What every worker shares, whichever engine it drives: how it is asked, how it answers, and tokens to ask with."""

import json
import random
import sys

TOKEN = 300  # what the model is taken to say, always; no prompt has it


def refusal(error: ValueError) -> str:
    """What an engine refuses, in one line, without the wrapping of whoever validates its configurations."""
    text = error.errors()[0]["msg"] if callable(getattr(error, "errors", None)) else str(error)
    return " ".join(text.removeprefix("Value error, ").split())


def answer_with(measure, workload: dict, **more) -> int:
    """A worker's main: `measure(model, workload)` with the second argument's JSON over `workload`, its result printed,
    `more` beside it. What the engine or the worker refuses ends it with one line."""
    given = json.loads(sys.argv[2]) if len(sys.argv) > 2 else {}
    if unknown := set(given) - set(workload):
        sys.exit(f"no such setting: {', '.join(sorted(unknown))}; there are: {', '.join(workload)}")
    workload = {**workload, **given}
    try:
        print(json.dumps({"workload": workload, "rows": measure(sys.argv[1], workload), **more}))
    except ValueError as error:
        sys.exit(refusal(error)[:280])
    return 0


def tokens(key: str, count: int) -> list[int]:
    """`count` token ids, the same for the same `key`, other ones for another."""
    rng = random.Random(key)
    return [rng.randrange(1000, 49152) for _ in range(count)]
