"""The file in which a host's records of one experiment travel: NN-<host id>.tar.gz, one folder of that name in it.

    NN-<host id>/manifest.json       schema/sent.schema.json: what was measured on, and the sha256 of each file
    NN-<host id>/summary.md          the same for people
    NN-<host id>/NN/<name>.json      records, with their <name>.columns.json.gz

What is read is taken for a stranger's: unpacked in memory, up to a limit, and of nothing but such files. No member is
run, linked or written by the name that it gives itself. Standard library, and jsonschema for the manifest.
"""

import gzip
import io
import re
import tarfile
import zlib
from pathlib import Path
from typing import Any

from experiments.formats import json_schema, record_format, strict_json
from experiments.lab.errors import LabError
from experiments.lab.records import stranger_json

SCHEMA_FILE = Path(__file__).parents[1] / "schema" / "sent.schema.json"
MANIFEST, SUMMARY = "manifest.json", "summary.md"
MOST_MEMBER = record_format.LIMIT  # bytes of one file in it
MOST_BYTES, MOST_FILES, MOST_PACKED = 40_000_000, 1_000, 25_000_000  # unpacked; members; the file itself
_RECORD = r"[0-9]{2}/[a-z0-9][A-Za-z0-9._-]*\.json(\.gz)?"
_MEMBER = re.compile(rf"[0-9]{{2}}-[0-9a-f]{{16}}/(manifest\.json|summary\.md|{_RECORD})")
_FOLDER = re.compile(r"[0-9]{2}-[0-9a-f]{16}(/[0-9]{2})?")
AGAIN = "ask for the file again, as `make send` wrote it"


def pack(manifest: dict[str, Any], summary: str, files: dict[str, bytes]) -> tuple[str, bytes]:
    """(name, bytes) of the file: the same for the same content. `files` by path, as `05/hits-vllm.json`; the manifest
    gets their digests. LabError for more than may be sent."""
    named = [{"path": path, "sha256": record_format.sha256(files[path])} for path in sorted(files)]
    manifest = {**manifest, "files": named}
    if fault := json_schema.first_fault(manifest, SCHEMA_FILE):
        raise LabError(f"{MANIFEST}: {fault.line('manifest')}; correct what it is made of")
    folder = f"{manifest['experiment']}-{manifest['host']['id']}"
    members = {MANIFEST: strict_json.write(manifest, indent=1) + b"\n", SUMMARY: summary.encode(), **files}
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name in sorted(members):
            entry = tarfile.TarInfo(f"{folder}/{name}")  # no time, no owner: a TarInfo has none of itself
            entry.size, entry.mode = len(members[name]), 0o644
            tar.addfile(entry, io.BytesIO(members[name]))
    packed = gzip.compress(out.getvalue(), mtime=0)
    if len(packed) > MOST_PACKED or len(out.getvalue()) > MOST_BYTES or len(members) > MOST_FILES:
        limits = f"{MOST_PACKED:,} bytes packed, {MOST_BYTES:,} unpacked, {MOST_FILES} files"
        raise LabError(f"{folder}: {len(packed):,} bytes packed are more than can be sent (at most {limits})")
    return f"{folder}.tar.gz", packed


def unpack(file: Path) -> tuple[dict[str, Any], dict[str, bytes]]:
    """(manifest, {path: bytes of a record or of its columns}) of a file that was sent. LabError, with what to do,
    for anything that `pack` would not have written."""
    members = _members(file)
    folders = {name.partition("/")[0] for name in members}
    if len(folders) != 1:
        raise LabError(f"{file.name}: holds {len(folders)} folders, one expected; {AGAIN}")
    found = {name.partition("/")[2]: data for name, data in members.items()}
    manifest = _manifest(file.name, found.pop(MANIFEST, None))
    found.pop(SUMMARY, None)
    if folders != {f"{manifest['experiment']}-{manifest['host']['id']}"}:
        raise LabError(f"{file.name}: its folder is {folders.pop()}, its manifest is of another host; {AGAIN}")
    named = {each["path"]: each["sha256"] for each in manifest["files"]}
    for path in sorted({*named, *found}):
        if path not in found:
            raise LabError(f"{file.name}: {path} is in the manifest and not in the file; {AGAIN}")
        if path not in named:
            raise LabError(f"{file.name}: {path} is in the file and not in the manifest; {AGAIN}")
        if record_format.sha256(found[path]) != named[path]:
            raise LabError(f"{file.name}: {path} was edited or cut (the manifest has another sha256); {AGAIN}")
    return manifest, found


def _members(file: Path) -> dict[str, bytes]:
    try:
        if (size := file.stat().st_size) > MOST_PACKED:
            raise LabError(f"{file.name}: {size:,} bytes, at most {MOST_PACKED:,}; it is no file of `make send`")
        with gzip.open(file) as packed:
            raw = packed.read(MOST_BYTES + 1)
    except gzip.BadGzipFile:
        raise LabError(f"{file.name}: is no .tar.gz as `make send` writes it; import that, or a folder") from None
    except (EOFError, zlib.error) as error:
        raise LabError(f"{file.name}: is cut or damaged ({error}); {AGAIN}") from None
    except OSError as error:
        raise LabError(f"{file}: cannot be read ({error.strerror}); name a file of `make send`, or a folder") from None
    if len(raw) > MOST_BYTES:
        raise LabError(f"{file.name}: unpacks to more than {MOST_BYTES:,} bytes; it is no file of `make send`")
    _plain(file.name, raw)
    found: dict[str, bytes] = {}
    try:
        with tarfile.open(fileobj=io.BytesIO(raw), mode="r:") as tar:
            for entry in tar:
                if entry.isdir() and _FOLDER.fullmatch(entry.name):
                    continue
                _allowed(file.name, entry, found)
                stream = tar.extractfile(entry)
                found[entry.name] = stream.read() if stream else b""
                if len(found[entry.name]) != entry.size:
                    raise LabError(f"{file.name}: {entry.name} is cut; {AGAIN}")
    except tarfile.TarError as error:
        raise LabError(f"{file.name}: holds no archive, or one that is cut ({error}); {AGAIN}") from None
    if not found:
        raise LabError(f"{file.name}: holds no archive, or an empty one; {AGAIN}")
    return found


def _plain(file: str, raw: bytes) -> None:
    """LabError for an archive with a header that `pack` does not write: of a link or a device, and those that give the
    next one another name, size or sparse content. tarfile follows them, some without an end (CVE-2025-8194)."""
    if len(raw) < tarfile.BLOCKSIZE:
        raise LabError(f"{file}: holds no archive, or an empty one; {AGAIN}")
    at, blocks = 0, len(raw) // tarfile.BLOCKSIZE
    while at < blocks:
        header = raw[at * tarfile.BLOCKSIZE :][: tarfile.BLOCKSIZE]
        if not any(header):
            break
        at += 1
        kind, name = header[156:157], header[:100].rstrip(b"\0").decode("ascii", "replace")
        if kind in (b"x", b"g", b"X", b"L", b"K", b"S"):
            raise LabError(f"{file}: has a header of type {kind.decode()} that `make send` does not write; {AGAIN}")
        size = re.fullmatch(rb" *([0-7]{1,11})[ \0]*", header[124:136])
        if size is None:
            raise LabError(f"{file}: {ascii(name)[:200]} is cut, or has no size; {AGAIN}")
        if kind == tarfile.REGTYPE:
            at += -(-int(size[1], 8) // tarfile.BLOCKSIZE)
        elif kind != tarfile.DIRTYPE or int(size[1], 8):
            raise LabError(f"{file}: {_shown(name)} is a link or the like; only records may be in it: do not unpack it")
    if raw[at * tarfile.BLOCKSIZE :].strip(b"\0"):
        raise LabError(f"{file}: holds more after the end of its archive; {AGAIN}")


def _shown(name: str) -> str:
    return (name if name.isprintable() else ascii(name))[:200]


def _allowed(file: str, entry: tarfile.TarInfo, found: dict[str, bytes]) -> None:
    name = _shown(entry.name)
    if not entry.isreg() or entry.issparse():
        raise LabError(f"{file}: {name} is a link or the like; only records may be in it: do not unpack it")
    if not _MEMBER.fullmatch(entry.name):
        raise LabError(f"{file}: {name} may not be in it, only NN-<host id>/NN/*.json and *.json.gz; {AGAIN}")
    if entry.size > MOST_MEMBER:
        raise LabError(f"{file}: {name} has {entry.size:,} bytes, at most {MOST_MEMBER:,}; {AGAIN}")
    if entry.name.lower() in map(str.lower, found):  # some file systems take both for one
        raise LabError(f"{file}: {name} is in it twice; {AGAIN}")
    if len(found) >= MOST_FILES:
        raise LabError(f"{file}: holds more than {MOST_FILES} files; it is no file of `make send`")


def _manifest(file: str, raw: bytes | None) -> dict[str, Any]:
    if raw is None:
        raise LabError(f"{file}: has no {MANIFEST}; {AGAIN}")
    data = stranger_json.read(raw, f"{file}: {MANIFEST}", AGAIN)
    if fault := json_schema.first_fault(data, SCHEMA_FILE):
        raise LabError(f"{file}: {MANIFEST}: {fault.line('manifest')}; {AGAIN}")
    assert isinstance(data, dict)  # the schema has seen to it
    return data
