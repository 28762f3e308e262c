"""What an experiment's claims were evaluated from when they were last found as written, so that what is unchanged is
not evaluated again.

`.cache/verified/claims-NN.json` holds the digest of every file that the evaluation read, of every module of this
repository that it loaded, of the names in every folder that it listed, and of Python and the installed packages. Only
successes are kept, and nothing that changed while it was read.
"""

import hashlib
import json
import os
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from experiments.formats.whole_file import write_whole
from experiments.lab.errors import LabError

FOLDER = Path(".cache/verified")
SCHEMA = "verified/1"
# Made by the commands: what lies here is told by the installed packages' names, or by the sources it was made from.
_MADE = (".venv", ".cache", "__pycache__", ".git")
_CLOCK_NS = 50_000_000  # a file system's clock may lag behind this process's


@dataclass
class Reads:
    """What a process reads below `root`, from its creation on. `files` and `folders` are absolute."""

    root: Path
    files: set[Path] = field(default_factory=set)
    folders: set[Path] = field(default_factory=set)
    watching: bool = True

    def __post_init__(self) -> None:
        # Python offers no way to take a hook out again: this is for a process that evaluates and ends.
        sys.addaudithook(self._event)

    def _event(self, event: str, arguments: tuple) -> None:
        if not self.watching or event not in ("open", "os.listdir", "os.scandir"):
            return
        if isinstance(arguments[0], (str, bytes, os.PathLike)):  # not the number of an open file
            path = Path(os.path.abspath(os.fsdecode(arguments[0])))
            if _is_ours(path, self.root):
                (self.files if event == "open" else self.folders).add(path)

    def inputs(self, experiment: str) -> tuple[list[str], list[str]]:
        """(files, folders), relative to the root: what was read, every loaded module of this repository (one may come
        from its compiled form, so that no source is opened), and whatever lies among the experiment's records."""
        self.watching = False
        code = Path(__file__).parents[3]
        modules = {Path(file) for module in list(sys.modules.values()) if (file := getattr(module, "__file__", None))}
        records = self.root / "experiments/records" / experiment
        plans = self.root / "experiments/plans"
        further = sorted([*(self.root / "experiments/hosts").glob("*/"), *plans.glob("*/*/")])
        rows = [records, *(host / experiment for host in further)]
        files = {*self.files, *(file for file in modules if _is_ours(file, code))}
        files.update(path for folder in rows for path in folder.rglob("*"))
        # Imports list the folders of packages; what they find there is among the modules.
        packages = {path for path in self.folders if (path / "__init__.py").is_file()} - {self.root / "experiments"}
        # A host that comes, or an experiment of one, is seen by the names in these folders.
        listed = self.folders | {self.root / "experiments/hosts", *further, *rows}
        folders = {path for path in listed if path.is_dir()} - packages - {self.root}
        return _relative({file for file in files if file.is_file()}, self.root), _relative(folders, self.root)


def _is_ours(path: Path, root: Path) -> bool:
    return path.is_relative_to(root) and not set(path.relative_to(root).parts) & set(_MADE)


def _relative(paths: set[Path], root: Path) -> list[str]:
    return sorted(Path(os.path.relpath(path, root)).as_posix() for path in paths)


def kept_in(experiment: str, root: Path) -> Path:
    return root / FOLDER / f"claims-{experiment}.json"


def unchanged(experiment: str, root: Path) -> int | None:
    """How many claims the experiment had when they were last found as written; None when they were not, or when
    anything they were evaluated from has changed since."""
    try:
        kept = json.loads(kept_in(experiment, root).read_text("utf-8"))
        same = (
            kept["schema"] == SCHEMA
            and kept["python"] == _python()
            and all(_file(root / name) == digest for name, digest in kept["files"].items())
            and all(_folder(root / name) == digest for name, digest in kept["folders"].items())
        )
        return int(kept["claims"]) if same else None
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None  # none, or one that cannot be read: evaluating again writes a new one


def remember(experiment: str, root: Path, claims: int, inputs: tuple[list[str], list[str]], started_ns: int) -> None:
    """Keep that the experiment's claims are as written. `inputs` as `Reads.inputs` gives them; `started_ns` is
    time.time_ns() before the evaluation: what was changed after it may not be what was read; then nothing is kept."""
    files, folders = inputs
    try:
        changed = [name for name in [*files, *folders] if _changed_ns(root / name) >= started_ns - _CLOCK_NS]
        kept = {
            "schema": SCHEMA,
            "claims": claims,
            "python": _python(),
            "files": {name: _file(root / name) for name in files},
            "folders": {name: _folder(root / name) for name in folders},
        }
    except OSError:
        return  # gone meanwhile
    if changed:
        return
    target = kept_in(experiment, root)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        write_whole(target, (json.dumps(kept, indent=1) + "\n").encode())
    except OSError as error:
        raise LabError(f"{FOLDER.as_posix()}: cannot be written ({error}); make room, or make it writable") from None


def forget(experiment: str, root: Path) -> None:
    """What fails now is not to count as verified when its inputs are put back by half."""
    kept_in(experiment, root).unlink(missing_ok=True)


def now_ns() -> int:
    return time.time_ns()


def _file(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _folder(path: Path) -> str:
    names = sorted(name for name in os.listdir(path) if name not in _MADE)
    return hashlib.sha256("\0".join(names).encode()).hexdigest()


def _changed_ns(path: Path) -> int:
    stat = path.stat()
    return max(stat.st_mtime_ns, stat.st_ctime_ns)  # the second one cannot be set back


def _python() -> str:
    """Python and the installed packages: their folders' names hold their versions."""
    names = {sys.version}
    for folder in {entry for entry in sys.path if entry.rstrip("/").endswith("-packages")}:
        try:
            names.update(name for name in os.listdir(folder) if name.endswith((".dist-info", ".egg-info")))
        except OSError:
            continue
    return hashlib.sha256("\0".join(sorted(names)).encode()).hexdigest()
