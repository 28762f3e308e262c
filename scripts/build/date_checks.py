"""What `make verify` asks of dates: they lie in the past, and a source's is the one in its address."""

import datetime
import re
from pathlib import Path

from scripts.build.looked_at import LookedAt, Wrong

_CORRECTION = re.compile(r"(?m)^- \*\*(\d{4}-\d\d-\d\d)\.\*\*")
_FRONT = re.compile(r"(?m)^ *(?:date|created|updated|published): *[\"']?(\d{4}-\d\d-\d\d)")
_IN_ADDRESS = re.compile(r"/(20\d\d)[/-](\d\d)[/-](\d\d)(?=\D|$)")


def check_dates(evidence: LookedAt, today: datetime.date | None = None) -> tuple[int, str]:
    """Dates of corrections, pages, records and sources. A day of grace: a reader may be a day ahead."""
    last = ((today or datetime.datetime.now(datetime.UTC).date()) + datetime.timedelta(days=1)).isoformat()
    count, wrong = 0, []
    for where, date in _dates(evidence):
        count += 1
        if fault := _fault(date, last):
            wrong.append(f"{where}: {date}: {fault}")
    for name, source in sorted(evidence.quoted.items()):
        there = _IN_ADDRESS.search(source["url"])
        if there and not "-".join(there.groups()).startswith(source["date"]):
            wrong.append(
                f"snippets/famous.toml: source '{name}': date {source['date']}, and its address says "
                f"{'-'.join(there.groups())}; correct the one that is wrong"
            )
    if wrong:
        raise Wrong(wrong)
    return count, "dates lie in the past"


def _dates(evidence: LookedAt) -> list[tuple[str, str]]:
    """(where, date) of all that says one."""
    found = []
    for page in sorted((evidence.root / "docs").rglob("*.md")):
        if evidence.holds(page.name):
            text, name = page.read_text("utf-8"), page.relative_to(evidence.root).as_posix()
            for match in (*_CORRECTION.finditer(text), *_FRONT.finditer(_front(text))):
                found.append((f"{name}:{text.count(chr(10), 0, match.start()) + 1}", match[1]))
    found += [(record.path, record.data["started"][:10]) for record in evidence.records]
    if evidence.post is None:
        name = "snippets/famous.toml"
        found += [(f"{name}: source '{id}'", source["date"]) for id, source in sorted(evidence.quoted.items())]
    return found


def _front(text: str) -> str:
    return text[: text.find("\n---", 3)] if text.startswith("---") else ""


def _fault(date: str, last: str) -> str:
    try:
        datetime.date.fromisoformat((date + "-01-01")[:10])
    except ValueError:
        return "is no date of the calendar; write YYYY-MM-DD"
    return "lies in the future; correct it" if date > last else ""


def lock_files(root: Path) -> list[str]:
    """A line for each lock file of another tool, which writes a package index's addresses down."""
    names = {"uv.lock", "pylock.toml", "poetry.lock", "Pipfile.lock", "pdm.lock", "package-lock.json", "yarn.lock"}
    folders = [root, *(root / name for name in ("requirements", "docs", "scripts", "experiments", "tests", "theme"))]
    found = sorted(path for folder in folders for path in folder.glob("*") if path.name in names or _dotted(path.name))
    return [
        f"{path.relative_to(root).as_posix()}: a lock file with an index's addresses; remove it, `make lock` writes "
        "requirements/*.txt with hashes alone"
        for path in found
    ]


def _dotted(name: str) -> bool:
    """`pylock.dev.toml` and its like."""
    return bool(re.fullmatch(r"pylock\.[\w-]+\.toml", name))
