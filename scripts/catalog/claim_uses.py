"""Which claims a post refers to, and in which unit a claim speaks: its own experiment's, and its samples'.

snippets/borrowed.toml names the claims of other experiments that a post may refer to.
"""

from collections.abc import Iterable

from scripts.catalog.site_data import Evidence
from scripts.common import toml_tables
from scripts.common.errors import SiteError
from scripts.measured.claim_reader import Claim

BORROWED = "snippets/borrowed.toml"
_KINDS = ("value", "result", "claim", "mark")
_TIMES = frozenset(("ns", "us", "ms", "s", "min"))
_RATES = frozenset(("tok/s", "req/s"))


def borrowed(evidence: Evidence) -> dict[str, list[str]]:
    """The claims that each post, by its number, may borrow; {} without a file. Raises SiteError for another form."""
    file = evidence.root / BORROWED
    if not file.is_file():
        return {}
    data = toml_tables.parse(file.read_text("utf-8"), BORROWED)
    for post, names in data.items():
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise SiteError(f"{BORROWED}: {post}: must be a list of claims; write {post} = [\"a-claim\"]")
    return data


def foreign(evidence: Evidence) -> list[str]:
    """A line for each reference of a post to another experiment's claim that is not listed, and for each that is listed
    without a use."""
    allowed, used = borrowed(evidence), set()
    lines = []
    for use in evidence.uses:
        name, post = use.id.partition(".")[0], use.page.removeprefix("posts/")[:2]
        if use.kind not in _KINDS or not (use.page.startswith("posts/") and post.isdigit()):
            continue
        claim = evidence.claims.get(name)
        if claim is None or claim.experiment == post:
            continue
        used.add((post, name))
        if name not in allowed.get(post, ()):
            lines.append(
                f"docs/{use.page}:{use.line}: refers to claim {name}, which is experiment {claim.experiment}'s; refer "
                f"to one of {post}, or list it in {BORROWED}: {post} = [\"{name}\"]"
            )
    for post, names in sorted(allowed.items()):
        unused = (name for name in names if (post, name) not in used)
        lines += [f"{BORROWED}: {post}: it does not refer to {name}; remove it" for name in unused]
    return lines


def units(claims: Iterable[Claim], evidence: Evidence) -> list[str]:
    """A line for each value of a claim in a unit of time or rate of which none of its records has a sample."""
    known = {record.path: _dimensions(each["unit"] for each in record.data["samples"]) for record in evidence.records}
    lines = []
    for claim in claims:
        rests = [one["path"] for one in claim.data["records"]]
        there: set[frozenset[str]] = set().union(*(known.get(path, set()) for path in rests))
        if not there or not all(path in known for path in rests):
            continue  # of counts or recordings alone, or of another post's experiment
        for name, value in claim.data["values"].items():
            if not _dimensions([value["unit"]]) <= there:
                lines.append(
                    f"{claim.file}: claim {claim.id}: value {name} is in {value['unit']}, and no sample of its records "
                    f"is of that kind; correct the unit in the notebook: make experiments EXP={claim.experiment}"
                )
    return lines


def _dimensions(found: Iterable[str]) -> set[frozenset[str]]:
    return {kind for unit in found for kind in (_TIMES, _RATES) if unit in kind}
