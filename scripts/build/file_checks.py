"""What `make verify` asks of the files themselves, before anything is made of them: text that can be read, without what
a merge left."""

import ast
import tomllib
from pathlib import Path

from experiments.formats import record_list, strict_json
from scripts.build.date_checks import lock_files
from scripts.build.looked_at import LookedAt, Wrong
from scripts.common import merge_markers
from scripts.common.errors import SiteError

# Of a record the digest is compared, which says more than that it can be read.
_BY_DIGEST = ("experiments/records/", "experiments/drift/", "experiments/hosts/", "experiments/plans/")
_RESTORE = "correct that line, or restore the file"


def check_files(evidence: LookedAt) -> tuple[int, str]:
    """Looks at every file of text; with a post, too: what is broken in one breaks all."""
    root, count = evidence.root, 0
    wrong: list[str] = []
    for path in merge_markers.files(root):
        count += 1
        name = path.relative_to(root).as_posix()
        raw = path.read_bytes()
        if marked := merge_markers.in_text(raw, name):
            wrong.append(str(marked))
        elif fault := _unreadable(raw, name):
            wrong.append(fault)
    evidence.broken = {line.split(":")[0] for line in wrong}
    wrong += lock_files(root)
    if wrong:
        raise Wrong(wrong)
    return count, "files can be read, without a merge's markers"


def publishable(root: Path) -> None:
    """Raises SiteError, a line each, for what no page may be made of: a merge's markers, records that are not as they
    were measured."""
    if wrong := [*map(str, merge_markers.scan(root)), *record_list.faults(root)]:
        raise SiteError("\n".join(wrong))


def _unreadable(raw: bytes, name: str) -> str:
    """What is wrong with a file of text, "" where nothing is."""
    if name.endswith(".gz") or name.startswith(_BY_DIGEST):
        return ""
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        return f"{name}:{line}: byte 0x{raw[error.start]:02x} is not UTF-8; save the file as UTF-8, or restore it"
    try:
        match Path(name).suffix:
            case ".toml":
                tomllib.loads(text)
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
