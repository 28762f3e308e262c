"""A file that travels is the same for the same records, and one that `pack` would not write is refused in a line."""

import gzip
import io
import struct
import tarfile

import pytest

from experiments.formats import strict_json
from experiments.lab.errors import LabError
from experiments.lab.records import sent_file
from tests.lab.fakes import host_records as made

ID = made.host()["id"]
FILES = {"05/a.json": b"{}", "05/b.json": b"[1]", "05/b.columns.json.gz": gzip.compress(b"[]", mtime=0)}
MANIFEST = {
    "schema": "sent/1", "experiment": "05", "measured": dict.fromkeys(("first", "last"), "2026-11-29T10:00:00Z"),
    "host": {"id": ID, "gpu": "NVIDIA H200", "memory_bytes": 1, "driver": "580.1", "cpu": "A processor", "cores": 16},
    "engines": {"vllm": "0.32.0"}, "models": [], "lab": made.LAB, "commit": None, "by": "ada", "missing": {},
}  # fmt: skip


@pytest.fixture
def sent(tmp_path):
    name, packed = sent_file.pack(MANIFEST, "# Summary\n", FILES)
    (tmp_path / name).write_bytes(packed)
    return tmp_path / name


def written(path, members, kind=tarfile.REGTYPE):
    """A tar.gz of {name: bytes}, as anyone can make one."""
    with tarfile.open(path, "w:gz") as tar:
        for name, data in members:
            entry = tarfile.TarInfo(name)
            entry.size, entry.type, entry.linkname = len(data), kind, "/" + "etc/passwd"
            tar.addfile(entry, io.BytesIO(data))
    return path


def whole(file):
    with tarfile.open(file) as tar:
        return {entry.name: tar.extractfile(entry).read() for entry in tar}


def refused(file, pattern):
    with pytest.raises(LabError, match=pattern) as caught:
        sent_file.unpack(file)
    assert "\n" not in str(caught.value) and file.name in str(caught.value)


def test_what_is_packed_is_unpacked(sent):
    manifest, files = sent_file.unpack(sent)
    assert sent.name == f"05-{ID}.tar.gz" and files == FILES
    assert {key: manifest[key] for key in MANIFEST} == MANIFEST and len(manifest["files"]) == 3


def test_the_same_records_give_the_same_bytes_without_a_name_or_a_time(sent):
    assert sent_file.pack(MANIFEST, "# Summary\n", dict(reversed(FILES.items())))[1] == sent.read_bytes()
    with tarfile.open(sent) as tar:
        assert {(entry.uname, entry.gname, entry.uid, entry.mtime) for entry in tar} == {("", "", 0, 0)}


def test_a_manifest_that_breaks_its_schema_is_not_packed():
    with pytest.raises(LabError, match="manifest.json: by: "):
        sent_file.pack({**MANIFEST, "by": "a b"}, "", FILES)


def test_what_is_no_archive_is_refused(tmp_path):
    for data in (b"", b"hello", b"PK\x03\x04"):
        file = tmp_path / "x.tar.gz"
        file.write_bytes(data)
        refused(file, "x.tar.gz: (is no .tar.gz as `make send` writes it|holds no archive)")
    file.write_bytes(gzip.compress(b"hello"))
    refused(file, "x.tar.gz: holds no archive")
    refused(tmp_path / "nowhere.tar.gz", "nowhere.tar.gz: cannot be read .No such file")


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9, 0.99])
def test_a_cut_file_is_refused(sent, share):
    sent.write_bytes(sent.read_bytes()[: int(len(sent.read_bytes()) * share)])
    refused(sent, "is cut or damaged .*; ask for the file again")


def test_a_tar_that_is_cut_within_is_refused(sent):
    raw = gzip.decompress(sent.read_bytes())
    sent.write_bytes(gzip.compress(raw[: raw.index(b"[1]") + 1]))
    refused(sent, "cut; ask|holds no archive, or one that is cut")


@pytest.mark.parametrize(
    "name",
    ["/" + "etc/x.json", "../x.json", f"05-{ID}/../../x.json", f"05-{ID}/05/../x.json", f"05-{ID}/05/x.py", "x.json",
     f"05-{ID}/05/x/y.json", f"05-{ID}/05/.x.json", f"05-{ID}/05/x.json\n"],
)  # fmt: skip
def test_a_member_anywhere_else_is_refused(tmp_path, name):
    refused(written(tmp_path / "x.tar.gz", [(name, b"{}")]), "may not be in it, only NN-<host id>/NN/")
    assert [path.name for path in tmp_path.iterdir()] == ["x.tar.gz"]


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE, tarfile.DIRTYPE])
def test_a_link_or_a_device_is_refused(tmp_path, kind):
    refused(written(tmp_path / "x.tar.gz", [(f"05-{ID}/05/x.json", b"")], kind), "x.json is a link or the like")


def test_what_unpacks_to_too_much_is_refused(tmp_path, monkeypatch):
    file = written(tmp_path / "x.tar.gz", [(f"05-{ID}/05/x.json", b" " * 100_000)])
    assert file.stat().st_size < 1_000
    monkeypatch.setattr(sent_file, "MOST_BYTES", 50_000)
    refused(file, "unpacks to more than 50,000 bytes")
    monkeypatch.setattr(sent_file, "MOST_PACKED", 100)
    refused(file, "bytes, at most 100")
    with pytest.raises(LabError, match="are more than can be sent"):
        sent_file.pack(MANIFEST, "", FILES)


def test_too_many_and_twice_are_refused(tmp_path, monkeypatch):
    name = f"05-{ID}/05/x.json"
    refused(written(tmp_path / "x.tar.gz", [(name, b"1"), (name, b"2")]), "x.json is in it twice")
    monkeypatch.setattr(sent_file, "MOST_FILES", 1)
    refused(written(tmp_path / "x.tar.gz", [(name, b"1"), (name[:-5] + "y.json", b"2")]), "holds more than 1 files")


def test_files_and_manifest_must_be_the_same(sent):
    members = whole(sent)
    a = f"05-{ID}/05/a.json"
    written(sent, [*members.items(), (f"05-{ID}/05/c.json", b"{}")])
    refused(sent, "05/c.json is in the file and not in the manifest")
    written(sent, [each for each in members.items() if each[0] != a])
    refused(sent, "05/a.json is in the manifest and not in the file")
    written(sent, {**members, a: b"{ }"}.items())
    refused(sent, "05/a.json was edited or cut .the manifest has another sha256")


def test_a_bad_manifest_is_refused(sent):
    members, name = whole(sent), f"05-{ID}/manifest.json"
    written(sent, [each for each in members.items() if each[0] != name])
    refused(sent, "has no manifest.json")
    for text, pattern in (
        (b"{", "manifest.json: Expecting"), (b"[" * 9_999, "nested too deeply"), (b"{}", "manifest: field"),
        (strict_json.write({**strict_json.read(members[name]), "schema": "sent/2"}), "manifest.json: schema: "),
    ):  # fmt: skip
        written(sent, {**members, name: text}.items())
        refused(sent, pattern)


def test_the_folder_is_the_manifest_s(sent):
    members = whole(sent)
    written(sent, [(name.replace(f"05-{ID}/", "06-" + "0" * 16 + "/"), data) for name, data in members.items()])
    refused(sent, "its folder is 06-0000000000000000, its manifest is of another host")
    written(sent, [*members.items(), ("06-" + "0" * 16 + "/06/x.json", b"{}")])
    refused(sent, "holds 2 folders, one expected")


def with_pax(path, members, headers):
    """The members, each after a header of its own that says more of it."""
    with tarfile.open(path, "w:gz", format=tarfile.PAX_FORMAT) as tar:
        for name, data in members.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.pax_headers = len(data), headers
            tar.addfile(entry, io.BytesIO(data))
    return path


@pytest.mark.parametrize(
    "headers",
    [
        {"size": "-1024"}, {"size": "99999999999999"}, {"size": "x"}, {"path": "../../x"}, {"linkpath": "x"},
        {"mtime": "nan"}, {"hdrcharset": "BINARY"}, {"comment": "x" * 100_000}, {"path": "a\nb\u202e"},
        {"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.name": "x", "GNU.sparse.realsize": "9999999999"},
        {"GNU.sparse.map": "0,9999999999", "GNU.sparse.size": "99999999999"},
    ],
)  # fmt: skip
def test_a_header_that_says_more_of_the_next_is_refused(sent, headers):
    with_pax(sent, whole(sent), headers)
    refused(sent, "has a header of type x that `make send` does not write")


@pytest.mark.parametrize("kind", [b"S", b"K", b"L", b"g", b"X"])
def test_other_headers_are_refused(sent, kind):
    written(sent, [(f"05-{ID}/05/x.json", b"1,2")], kind)
    refused(sent, f"has a header of type {kind.decode()} that `make send` does not write")


NEGATIVE = b"\xff" * 8 + struct.pack(">i", -1024)


@pytest.mark.parametrize("size", [NEGATIVE, b"-0000000012\0", b"99999999999\0", b"\0" * 12])
def test_a_size_that_is_none_is_refused(sent, size):
    raw = bytearray(gzip.decompress(sent.read_bytes()))
    raw[124:136] = size
    raw[148:156] = b"%06o\0 " % (256 + sum(raw[:148]) + sum(raw[156:512]))
    sent.write_bytes(gzip.compress(raw))
    refused(sent, "is cut, or has no size; ask for the file again")


def test_a_folder_with_content_is_refused(sent):
    written(sent, [(f"05-{ID}", b"x" * 600)], tarfile.DIRTYPE)
    refused(sent, "is a link or the like")


def test_more_after_the_end_is_refused(sent):
    packed = sent.read_bytes()
    for more in (b"garbage" * 9, b"\x1f\x8b\x08garbage"):
        sent.write_bytes(packed + more)
        refused(sent, "is no .tar.gz as `make send` writes it|is cut or damaged")
    sent.write_bytes(packed + gzip.compress(b"more"))
    refused(sent, "holds more after the end of its archive")
    sent.write_bytes(gzip.compress(gzip.decompress(packed) + packed))
    refused(sent, "holds more after the end of its archive")


def test_a_damaged_stream_is_refused(sent):
    packed = bytearray(sent.read_bytes())
    packed[15:25] = b"\xff" * 10
    sent.write_bytes(packed)
    refused(sent, "is cut or damaged|is no .tar.gz")


def test_one_file_that_is_too_large_is_refused_before_it_is_read(tmp_path):
    file = written(tmp_path / "x.tar.gz", [(f"05-{ID}/05/x.json", b"[]" * 600_000)])
    refused(file, "x.json has 1,200,000 bytes, at most 1,000,000")


def test_two_names_that_some_disks_take_for_one_are_refused(tmp_path):
    names = [f"05-{ID}/05/{name}.columns.json.gz" for name in ("aB", "ab")]
    refused(written(tmp_path / "x.tar.gz", [(name, b"1") for name in names]), "ab.columns.json.gz is in it twice")


@pytest.mark.parametrize("name", [f"05-%s/05/{sign}a.json" for sign in ("\u202e", "\x1b[2J", "\n", "\u0430")])
def test_a_name_never_reaches_the_terminal_as_it_is(tmp_path, name):
    file = tmp_path / "x.tar.gz"
    with tarfile.open(file, "w:gz", format=tarfile.USTAR_FORMAT) as tar:
        entry = tarfile.TarInfo(name % ID)
        entry.size = 2
        tar.addfile(entry, io.BytesIO(b"{}"))
    with pytest.raises(LabError) as caught:
        sent_file.unpack(file)
    assert str(caught.value).isprintable()


def test_a_handle_with_the_end_of_a_line_is_refused(sent):
    """A schema's `$` lets it through."""
    members, name = whole(sent), f"05-{ID}/manifest.json"
    written(sent, {**members, name: members[name].replace(b'"ada"', b'"ada\\n"')}.items())
    refused(sent, r"manifest.json: by holds the sign U\+000A")
