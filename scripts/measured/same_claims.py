"""Whether what was measured came to the same as at a commit: `python -m scripts.measured.same_claims [COMMIT]`.

Compared byte for byte: every claim's fields but those that say how it was evaluated, and every figure.
"""

import json
import subprocess
import sys
from pathlib import Path

from scripts.common.errors import SiteError

HOW = ("code", "holds_if", "predicate")  # of a claim: how it was evaluated, and what it asks for in words and as data
CLAIMS, FIGURES = "experiments/claims", "experiments/figures"


def differences(root: Path, commit: str) -> list[str]:
    """A line for each claim and figure that is not as at the commit. Raises SiteError for an unknown commit."""
    lines = []
    names = set(_git(root, "ls-tree", "-r", "--name-only", commit, CLAIMS, FIGURES).decode().splitlines())
    here = {
        path.relative_to(root).as_posix()
        for folder in (CLAIMS, FIGURES)
        for path in (root / folder).rglob("*")
        if path.is_file()
    }
    for name in sorted(names | here):
        if name not in here or name not in names:
            lines.append(f"{name}: {'was not there' if name in here else 'is gone'}")
            continue
        before, now = _git(root, "show", f"{commit}:{name}"), (root / name).read_bytes()
        if before != now:
            lines += _claims(name, before, now) if name.endswith(".json") else [f"{name}: differs"]
    return lines


def _claims(name: str, before: bytes, now: bytes) -> list[str]:
    (old, first), (new, second) = _by_id(before), _by_id(now)
    lines = [f"{name}: claim {each} {'is new' if each in new else 'is gone'}" for each in sorted(set(old) ^ set(new))]
    lines += [f"{name}: claim {each} differs" for each in old if each in new and old[each] != new[each]]
    if not lines and (first != second or list(old) != list(new)):
        lines.append(f"{name}: differs outside its claims, or in their order")
    return lines


def _by_id(text: bytes) -> tuple[dict[str, str], str]:
    """({claim id: its text without HOW}, the text of what is not a claim)."""
    data = json.loads(text)
    claims = {claim["id"]: {key: field for key, field in claim.items() if key not in HOW} for claim in data["claims"]}
    rest = {key: field for key, field in data.items() if key != "claims"}
    return {name: json.dumps(claim) for name, claim in claims.items()}, json.dumps(rest)


def _git(root: Path, *words: str) -> bytes:
    done = subprocess.run(["git", "-C", str(root), *words], capture_output=True, check=False)
    if done.returncode:
        raise SiteError(f"git {' '.join(words)}: {done.stderr.decode().strip()}; name a commit that is here")
    return done.stdout


def main(words: list[str]) -> int:
    commit = words[0] if words else "HEAD"
    try:
        lines = differences(Path(__file__).parents[2], commit)
    except SiteError as error:
        lines = [str(error)]
    for line in lines:
        print(line, file=sys.stderr)
    if not lines:
        print(f"every claim's values, sentence, verdict and records, and every figure: as at {commit}")
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
