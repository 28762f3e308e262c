"""A post's manifest, snippets/NN-slug.toml, read strictly: the excerpts it quotes, the call paths it claims, the
settings it speaks of, the replays it shows, and the runs it compares.

Here its tables become objects: keys, types and ids are checked. What they say is checked by those who know what they
mean: call_paths, engine_defaults, replays, compares, and excerpts against the pinned source.
"""

import functools
from dataclasses import dataclass, field
from pathlib import Path

from scripts.common import toml_tables
from scripts.common.errors import SiteError
from scripts.common.paths import ROOT
from scripts.quotes.manifest_tables import CallPath, Compare, Excerpt, Replay, Setting

FOLDER = "snippets"
NAMES = "[0-9]*-*.toml"
TABLES = ("excerpt", "path", "setting", "replay", "compare")


@dataclass(frozen=True)
class Manifest:
    """A manifest: excerpts by id, and the call paths, settings, replays and compares, in file order."""

    file: str
    excerpts: dict[str, Excerpt] = field(default_factory=dict)
    paths: tuple[CallPath, ...] = ()
    settings: tuple[Setting, ...] = ()
    replays: tuple[Replay, ...] = ()
    compares: tuple[Compare, ...] = ()

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


@functools.lru_cache(maxsize=64)
def parse(text: str, file: str) -> Manifest:
    """The manifest that a TOML text holds; `file` is how errors call it. Read once: a build asks for each a dozen
    times, and none changes it."""
    tables = toml_tables.parse(text, file)
    for key, value in tables.items():
        if key not in TABLES:
            holds = ", ".join(f"[[{name}]]" for name in TABLES)
            raise SiteError(f"{file}: unknown key '{key}'; remove it, a manifest holds {holds}")
        if not isinstance(value, list) or not all(isinstance(table, dict) for table in value):
            raise SiteError(f"{file}: '{key}' is not a list of tables; write [[{key}]] above each")
    return Manifest(
        file,
        _by_address(toml_tables.read_each(tables.get("excerpt", []), Excerpt, file, file=file)),
        tuple(toml_tables.read_each(tables.get("path", []), CallPath, file, manifest=file)),
        tuple(toml_tables.read_each(tables.get("setting", []), Setting, file, file=file)),
        tuple(toml_tables.read_each(tables.get("replay", []), Replay, file, file=file)),
        tuple(toml_tables.read_each(tables.get("compare", []), Compare, file, file=file)),
    )


def _by_address(excerpts: list[Excerpt]) -> dict[str, Excerpt]:
    """The excerpts by id. The page turns every id, also a note's, into an address of its own; two alike would make a
    link land on the wrong one."""
    taken: dict[str, str] = {}
    for excerpt in excerpts:
        for address in [excerpt.id, *(f"{excerpt.id}-{note.id}" for note in excerpt.notes)]:
            if address in taken:
                raise SiteError(
                    f"{excerpt.where}: the address #{address} is taken by excerpt '{taken[address]}'; "
                    "rename the excerpt or the note"
                )
            taken[address] = excerpt.id
    return {excerpt.id: excerpt for excerpt in excerpts}
