"""A post's manifest, snippets/NN-slug.toml, read strictly: the excerpts it quotes, the call paths it claims, the
settings it speaks of, the replays it shows."""

import re
import tomllib
from dataclasses import dataclass, field
from pathlib import Path

from scripts.common.errors import SiteError
from scripts.sources.pins import ROOT

FOLDER = "snippets"
NAMES = "[0-9]*-*.toml"
TABLES = ("excerpt", "path", "setting", "replay")
ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
EXCERPT_KEYS = {
    "id": str,
    "engine": str,
    "path": str,
    "symbol": str,
    "from": str,
    "to": str,
    "fold": list,
    "digest": str,
    "note": list,
}
REQUIRED = ("id", "engine", "path", "symbol")
NOTE_KEYS = {"id": str, "at": str, "text": str}
KIND_NAMES = {str: "text", int: "a number", list: "a list", dict: "a table"}


@dataclass(frozen=True)
class Note:
    """A remark on the lines that hold `at`; its address is #<excerpt>-<id>. `text` is inline Markdown."""

    id: str
    at: str
    text: str


@dataclass(frozen=True)
class Excerpt:
    """One quotation as the manifest asks for it; `file` is the manifest. "" and () stand for what is left out."""

    file: str
    id: str
    engine: str
    path: str
    symbol: str
    start: str = ""
    end: str = ""
    folds: tuple = ()
    digest: str = ""
    notes: tuple = ()

    @property
    def where(self) -> str:
        """How an error names it."""
        return f"{self.file}: excerpt '{self.id}'"


@dataclass(frozen=True)
class Manifest:
    """A manifest: excerpts by id in file order, and the [[path]], [[setting]] and [[replay]] tables as TOML
    gives them."""

    file: str
    excerpts: dict[str, Excerpt] = field(default_factory=dict)
    paths: tuple = ()
    settings: tuple = ()
    replays: tuple = ()

    def excerpt(self, name: str, page: str) -> Excerpt:
        """The excerpt that `page` asks for by id. Raises SiteError for one the manifest does not define."""
        try:
            return self.excerpts[name]
        except KeyError:
            raise SiteError(
                f"{page}: excerpt '{name}' is not defined; add it to {self.file} or use one of "
                f"{', '.join(self.excerpts) or 'none, it is empty'}"
            ) from None


def file_of(post: str) -> str:
    """The manifest of a post, by the stem of the post's file name ("01-request-lifecycle")."""
    return f"{FOLDER}/{post}.toml"


def has(post: str, root: Path = ROOT) -> bool:
    """Whether there is a manifest of that name; knobs.toml in the same folder is none, though a page is called so."""
    file = root / file_of(post)
    return file.match(NAMES) and file.is_file()


def load(post: str, root: Path = ROOT) -> Manifest:
    """The manifest of a post. Raises SiteError for a missing file and for anything in it that is not understood."""
    file = file_of(post)
    try:
        text = (root / file).read_text(encoding="utf-8")
    except FileNotFoundError:
        raise SiteError(f"{file}: missing; write it, or remove what quotes from it in the post '{post}'") from None
    return parse(text, file)


def load_all(root: Path = ROOT) -> dict[str, Manifest]:
    """Every manifest by post, in file order."""
    return {path.stem: load(path.stem, root) for path in sorted((root / FOLDER).glob(NAMES))}


def parse(text: str, file: str) -> Manifest:
    """The manifest that a TOML text holds; `file` is how errors call it."""
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SiteError(f"{file}: not TOML ({error}); correct that line") from None
    for key, value in tables.items():
        if key not in TABLES:
            holds = ", ".join(f"[[{name}]]" for name in TABLES)
            raise SiteError(f"{file}: unknown key '{key}'; remove it, a manifest holds {holds}")
        if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
            raise SiteError(f"{file}: '{key}' is not a list of tables; write [[{key}]] above each")
    excerpts: dict[str, Excerpt] = {}
    addresses: dict[str, str] = {}
    for number, raw in enumerate(tables.get("excerpt", []), 1):
        excerpt = _excerpt(raw, number, file)
        # The page turns every one of these into an id of its own; two alike would make a link land on the wrong one.
        for address in [excerpt.id, *(f"{excerpt.id}-{note.id}" for note in excerpt.notes)]:
            if address in addresses:
                raise SiteError(
                    f"{excerpt.where}: the address #{address} is taken by excerpt '{addresses[address]}'; "
                    "rename the excerpt or the note"
                )
            addresses[address] = excerpt.id
        excerpts[excerpt.id] = excerpt
    return Manifest(file, excerpts, *(tuple(tables.get(name, [])) for name in TABLES[1:]))


def _excerpt(raw: dict, number: int, file: str) -> Excerpt:
    where = f"{file}: excerpt '{raw['id']}'" if isinstance(raw.get("id"), str) else f"{file}: excerpt number {number}"
    check_table(raw, EXCERPT_KEYS, REQUIRED, where)
    check_id(raw["id"], where)
    if "digest" in raw and not DIGEST.fullmatch(raw["digest"]):
        raise SiteError(f"{where}: digest is not 'sha256:' and 64 digits; remove it and run `make pin`")
    folds = raw.get("fold", [])
    for fold in folds:
        if not (
            isinstance(fold, list) and len(fold) == 2 and all(isinstance(line, str) and line.strip() for line in fold)
        ):
            raise SiteError(f'{where}: fold is not a list of ["first line", "last line"]; correct {fold!r}')
    notes = []
    for position, note in enumerate(raw.get("note", []), 1):
        named = note.get("id") if isinstance(note, dict) else None
        spot = f"{where}: note '{named}'" if isinstance(named, str) else f"{where}: note number {position}"
        check_table(note, NOTE_KEYS, tuple(NOTE_KEYS), spot)
        check_id(note["id"], spot)
        notes.append(Note(**note))
    return Excerpt(
        file,
        raw["id"],
        raw["engine"],
        raw["path"],
        raw["symbol"],
        raw.get("from", ""),
        raw.get("to", ""),
        tuple(map(tuple, folds)),
        raw.get("digest", ""),
        tuple(notes),
    )


def check_table(table, keys: dict, required: tuple, where: str) -> None:
    """Raises SiteError unless `table` holds only `keys`, each of its type and not empty, and all of `required`."""
    if not isinstance(table, dict):
        raise SiteError(f"{where}: is no table; write its keys below [[...]]")
    for key, value in table.items():
        if key not in keys:
            raise SiteError(f"{where}: unknown key '{key}'; remove it, or use one of {', '.join(keys)}")
        if not isinstance(value, keys[key]) or (keys[key] is str and not value.strip()):
            raise SiteError(f"{where}: '{key}' must be {KIND_NAMES[keys[key]]}; correct or remove it")
    for key in required:
        if key not in table:
            raise SiteError(f"{where}: '{key}' is missing; add it")


def check_id(name: str, where: str) -> None:
    """Raises SiteError for an id that cannot stand in an address."""
    if not ID.fullmatch(name):
        raise SiteError(f"{where}: id '{name}' is not lower-case words joined by '-'; rename it")
