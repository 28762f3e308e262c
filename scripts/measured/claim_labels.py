"""What the values of a claim that its card draws, or has of a plan, are called there: `snippets/labels.toml`, a table a
claim.

A value's own name is short, as code has it (`c32`); a label says it in the words of the claim.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path

from scripts.common import toml_tables
from scripts.common.errors import SiteError
from scripts.measured.claim_reader import Claim

FILE = "snippets/labels.toml"
LONGEST = 48  # signs; a longer one would take two lines above its rows on a phone
FEW = 3  # values that are drawn

Labels = Mapping[str, Mapping[str, str]]  # claim -> value -> label


def load(root: Path, claims: Mapping[str, Claim]) -> Labels:
    """The labels; none where there is no file. Raises SiteError, a line for each table or value that is no label of a
    claim."""
    try:
        tables = toml_tables.parse((root / FILE).read_text("utf-8"), FILE)
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise SiteError(f"{FILE}: cannot be read ({error}); restore or correct it") from None
    wrong = [line for name, table in tables.items() for line in _faults(name, table, claims)]
    if wrong:
        raise SiteError("\n".join(wrong))
    return tables


def missing(labels: Labels, claim: Claim, planned: Iterable[str] = ()) -> list[str]:
    """A line for each value without a label that a claim's card draws or, as one of `planned`, has beside it in the
    column of a plan for smaller cards."""
    known = labels.get(claim.id, {})
    shown = dict.fromkeys(drawn(claim), "draws") | dict.fromkeys(planned, "has of a plan")
    return [
        f"{FILE}: claim {claim.id}: its card {does} {name}, which has no label; "
        f'add {name} = "..." to [{claim.id}], in the words of its sentence'
        for name, does in shown.items()
        if name not in known
    ]


def drawn(claim: Claim) -> list[str]:
    """The names of the values that a card draws, in order: all where they are few, else those that the verdict rests
    on, if these are. None of one host without a range."""
    names = list(claim.data["values"])
    if len(claim.hosts) < 2 and not claim.data["range"]:
        return []
    if len(names) <= FEW:
        return names
    decisive = _decisive(claim)
    return [name for name in names if name in decisive] if len(decisive) <= FEW else []


def _decisive(claim: Claim) -> set[str]:
    """The names of the values that the claim's test speaks of, wherever they stand in it."""

    def named(part: object) -> set[str]:
        if isinstance(part, str):
            return {part} & claim.data["values"].keys()
        if isinstance(part, dict):
            return set().union(*map(named, [*part, *part.values()]))
        return set().union(*map(named, part)) if isinstance(part, list) else set()

    return named(claim.data.get("predicate", {}).get("test"))


def _faults(name: str, table: object, claims: Mapping[str, Claim]) -> list[str]:
    if name not in claims:
        return [f"{FILE}: [{name}] is no claim; correct the id, or remove the table"]
    if not isinstance(table, dict):
        return [f"{FILE}: {name} is no table of labels; write [{name}] and a line for each value"]
    lines = []
    for value, label in table.items():
        if value not in claims[name].data["values"]:
            known = ", ".join(claims[name].data["values"])
            lines.append(f"{FILE}: [{name}] has no value {value} (it has: {known}); correct the name, or remove it")
        elif not isinstance(label, str) or not label.strip():
            lines.append(f"{FILE}: [{name}] {value}: is no label; write it in the words of the claim")
        elif len(label) > LONGEST:
            lines.append(f"{FILE}: [{name}] {value}: has {len(label)} signs; shorten it to {LONGEST}")
    labels = [label for label in table.values() if isinstance(label, str)]
    lines += [
        f"{FILE}: [{name}] calls two values {label!r}; say what tells them apart"
        for label in dict.fromkeys(label for label in labels if labels.count(label) > 1)
    ]
    return lines
