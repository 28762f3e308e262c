"""What `make verify` asks of the files themselves, before anything is made of them: text that can be read, without what
a merge left."""

import ast
import hashlib
import sys
import tomllib
from pathlib import Path

from experiments.formats import record_list, strict_json
from experiments.formats.whole_file import write_whole
from scripts.build.date_checks import lock_files
from scripts.build.looked_at import LookedAt, Wrong
from scripts.common import merge_markers, toml_tables
from scripts.common.errors import SiteError

# Of a record the digest is compared, which says more than that it can be read.
_BY_DIGEST = ("experiments/records/", "experiments/drift/", "experiments/hosts/", "experiments/plans/")
_RESTORE = "correct that line, or restore the file"


def check_files(evidence: LookedAt) -> tuple[int, str]:
    """Looks at every file of text; with a post, too: what is broken in one breaks all."""
    root, count = evidence.root, 0
    known = _Known(root)
    wrong: list[str] = []
    for path in merge_markers.files(root):
        count += 1
        name = path.relative_to(root).as_posix()
        raw = path.read_bytes()
        if marked := merge_markers.in_text(raw, name):
            wrong.append(str(marked))
        elif fault := known.fault(raw, name):
            wrong.append(fault)
    known.keep()
    evidence.broken = {line.split(":")[0] for line in wrong}
    wrong += lock_files(root)
    if wrong:
        raise Wrong(wrong)
    return count, "files can be read, without a merge's markers"


class _Known:
    """The files that were found readable before: taking every program apart again takes longer than the other checks.

    Known is what a file holds and how it is read, not where it lies. All is forgotten with another Python or another
    rule of this module, and what is there no more when it is kept.
    """

    def __init__(self, root: Path):
        self.file = root / ".cache" / "readable"
        self.rules = hashlib.sha256(sys.version.encode() + Path(__file__).read_bytes()).hexdigest()
        kept = self.file.read_text("ascii", "replace").split() if self.file.is_file() else []
        rules, *digests = kept or [""]
        self.before = set(digests) if rules == self.rules else set()
        self.now: set[str] = set()

    def fault(self, raw: bytes, name: str) -> str:
        """What is wrong with a file, "" where nothing is."""
        if _not_read(name):
            return ""
        digest = hashlib.sha256(f"{Path(name).suffix}\n".encode() + raw).hexdigest()
        if digest not in self.before and (fault := _unreadable(raw, name)):
            return fault
        self.now.add(digest)
        return ""

    def keep(self) -> None:
        """Writes down what is known now."""
        if self.now != self.before:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            write_whole(self.file, "\n".join([self.rules, *sorted(self.now)]) + "\n")


def _not_read(name: str) -> bool:
    return name.endswith(".gz") or name.startswith(_BY_DIGEST)


def publishable(root: Path) -> None:
    """Raises SiteError, a line each, for what no page may be made of: a merge's markers, records that are not as they
    were measured."""
    if wrong := [*map(str, merge_markers.scan(root)), *record_list.faults(root)]:
        raise SiteError("\n".join(wrong))


def _unreadable(raw: bytes, name: str) -> str:
    """What is wrong with a file of text, "" where nothing is."""
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        return f"{name}:{line}: byte 0x{raw[error.start]:02x} is not UTF-8; save the file as UTF-8, or restore it"
    try:
        match Path(name).suffix:
            case ".toml":
                toml_tables.looked_at(text)
            case ".json" | ".ipynb":
                strict_json.read(text)
            case ".py":
                ast.parse(text)
    except tomllib.TOMLDecodeError as error:
        return f"{name}: not TOML ({error}); {_RESTORE}"
    except SyntaxError as error:
        return f"{name}:{error.lineno}: not Python ({error.msg}); {_RESTORE}"
    except ValueError as error:
        return f"{name}: not JSON ({error}); {_RESTORE}"
    return ""
