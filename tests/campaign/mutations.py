"""The list of mutations (mutations.toml), and how one is done to a copy of the tree and undone."""

import hashlib
import json
import re
import shutil
import subprocess
import sys
import tomllib
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LIST = Path(__file__).with_suffix(".toml")
# What a copy only reads, or writes whole under a name that its contents decide, is lent to it.
LENT = ("envs", "models", "sources", "symbols")
COPIED = ("cards", "drift", "excerpts", "markdown", "notebooks", "templates", "verified")


@dataclass(frozen=True)
class Mutation:
    """What a person did: `edit` in the words of mutations.toml, `asks` the command that should find it, `names` the
    file and `says` what else has to stand in the line, `survives` why nothing finds it as yet."""

    id: str
    of: str
    did: str
    edit: list[dict]
    asks: str = "verify"
    names: str = ""
    says: tuple[str, ...] = ()
    survives: str = ""

    @property
    def file(self) -> str:
        return self.names or self.edit[0]["file"]


@dataclass
class Answer:
    """How a command ended: its status and the lines that it wrote."""

    status: int
    text: str = field(repr=False)

    @property
    def lines(self) -> list[str]:
        return [line.strip() for line in self.text.splitlines() if not line.startswith(("ok ", "FAILED "))]

    def line_of(self, mutation: Mutation) -> str:
        """The line that tells of it, or ""."""
        wanted = (Path(mutation.file).name, *mutation.says)
        return next((line for line in self.lines if all(each in line for each in wanted)), "")

    def fault(self, mutation: Mutation) -> str:
        """What is wrong with the answer, or ""."""
        if "Traceback" in self.text:
            return f"ends in a traceback: {self.text.strip().splitlines()[-1][:200]}"
        if self.status == 0:
            return "not found"
        if not self.line_of(mutation):
            said = " | ".join(line for line in self.lines if line)[-400:]
            return f"no line names {' and '.join((mutation.file, *mutation.says))}: {said}"
        return "" if self.status == 1 else f"ends with status {self.status}"


def load(file: Path = LIST) -> list[Mutation]:
    """Every mutation, in the order of the list."""
    tables = tomllib.loads(file.read_text("utf-8"))["mutation"]
    return [Mutation(**{**table, "says": tuple(table.get("says", ()))}) for table in tables]


def copy_of_the_tree(into: Path) -> Path:
    """A copy of what git tracks, as it lies here, with the caches that make a check quick."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (into / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, into / name)
    (into / ".cache").mkdir()
    for name in LENT:
        if (ROOT / ".cache" / name).is_dir():
            (into / ".cache" / name).symlink_to((ROOT / ".cache" / name).resolve(), target_is_directory=True)
    for name in COPIED:
        if (ROOT / ".cache" / name).is_dir():
            shutil.copytree(ROOT / ".cache" / name, into / ".cache" / name)
    (into / ".venv").symlink_to((ROOT / ".venv").resolve(), target_is_directory=True)
    subprocess.run(["git", "init", "-q"], cwd=into, check=True)
    return into


class Done:
    """A mutation of the tree below `root`, as a context: done on entry, undone at the end."""

    def __init__(self, mutation: Mutation, root: Path):
        self.mutation, self.root = mutation, root
        self._before: dict[str, bytes | None] = {}

    def __enter__(self) -> "Done":
        try:
            for edit in self.mutation.edit:
                self._do(edit)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_) -> None:
        for name, data in self._before.items():
            if data is None:
                (self.root / name).unlink(missing_ok=True)
            else:
                (self.root / name).write_bytes(data)

    def _keep(self, name: str) -> Path:
        path = self.root / name
        self._before.setdefault(name, path.read_bytes() if path.is_file() else None)
        return path

    def _do(self, edit: dict) -> None:
        path = self._keep(edit["file"])
        if "remove" in edit:
            path.unlink()
        elif "move" in edit:
            path.rename(self._keep(edit["move"]))
        elif "take" in edit:
            shutil.copyfile(self.root / edit["take"], path)
        elif "swap" in edit:
            other = self._keep(edit["swap"])
            one, two = path.read_bytes(), other.read_bytes()
            path.write_bytes(two)
            other.write_bytes(one)
        elif "write" in edit:
            path.write_text(edit["write"], "utf-8")
        elif "bytes" in edit:
            added = edit["bytes"].encode("ascii").decode("unicode_escape").encode("latin1")
            path.write_bytes(path.read_bytes() + added)
        else:
            text = path.read_text("utf-8")
            path.write_text(self._changed(text, edit), "utf-8")
        if self._before[edit["file"]] == (path.read_bytes() if path.is_file() else None):
            raise LookupError(f"{self.mutation.id}: the edit changes nothing in {edit['file']}")

    def _changed(self, text: str, edit: dict) -> str:
        if "json" in edit:
            return json.dumps(json.loads(text), indent=edit["json"]) + "\n"
        if "add" in edit:
            return text + edit["add"]
        if "cut" in edit:
            return text[: self._at(text, edit["cut"], edit)]
        if "digest_of" in edit:
            record = edit["digest_of"]
            digest = hashlib.sha256((self.root / record).read_bytes()).hexdigest()
            pattern = f'({re.escape(record)}",\\s*"sha256": ")[0-9a-f]+'
            return re.sub(pattern, rf"\g<1>{digest}", text)
        if "drop_host" in edit:
            return _without_a_host(text, edit["drop_host"])
        if "first_number_of" in edit:
            start = self._at(text, f'"name": "{edit["first_number_of"]}"', edit)
            return text[:start] + re.sub(r"\d+\.\d+", edit["put"], text[start:], count=1)
        if "swap_text" in edit:
            one, two = edit["swap_text"]
            self._at(text, one, edit)
            self._at(text, two, edit)
            return text.replace(one, "\0").replace(two, one).replace("\0", two)
        start = self._at(text, edit["after"], edit) if "after" in edit else 0
        at = self._at(text, edit["find"], edit, start)
        return text[:at] + edit["put"] + text[at + len(edit["find"]) :]

    def _at(self, text: str, wanted: str, edit: dict, start: int = 0) -> int:
        at = text.find(wanted, start)
        if at < 0:
            raise LookupError(
                f"{self.mutation.id}: {edit['file']} does not hold {wanted!r} any more; take another place"
            )
        return at


def _without_a_host(text: str, claim: str) -> str:
    """The claims file without the last host of a claim, laid out as before."""
    document = json.loads(text)
    next(each for each in document["claims"] if each["id"] == claim)["hosts"].pop()
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


COMMANDS = {
    "verify": [["-m", "scripts.build.verify"]],
    "build": [["-m", "scripts.build.build_site", "--into", "site"]],
    "links": [["-m", "scripts.build.build_site", "--into", "site"], ["-m", "scripts.build.links", "--site", "site"]],
}


def ask(root: Path, command: str) -> Answer:
    """What a command says of the tree below `root`, standard output and errors together, up to the first that fails."""
    answer = Answer(0, "")
    for words in COMMANDS[command]:
        done = subprocess.run(
            [sys.executable, *words], cwd=root, text=True, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        answer = Answer(done.returncode, done.stdout)
        if answer.status:
            break
    return answer
