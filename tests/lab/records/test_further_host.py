"""Records that come from elsewhere are filed as a further host, whole; one that must not be is named, and none is."""

import gzip
import shutil

import pytest

from experiments.formats import host_index, record_format
from experiments.lab.errors import LabError
from experiments.lab.host.config import ROOT
from experiments.lab.records import further_host, host_filing, host_folders, sent_file
from tests.lab.fakes import host_records as made
from tests.lab.fakes.host_records import HERE, THERE, everything, theirs

SMALL = {"name": "Qwen3-0.6B shape", "weights": "random", "dtype": "bfloat16"}


@pytest.fixture
def root(tmp_path):
    return made.repository(tmp_path / "site")


def send(folder, *records, columns=None, **manifest):
    """A file of these records, each whole for itself, as a sender's lab would pack them; `manifest` changes that."""
    lab = folder / "lab"
    shutil.rmtree(lab, ignore_errors=True)
    for data in records:
        made.write(lab, data, columns)
    paths = sorted(lab.glob("05/*.json"))
    said = further_host.said([further_host.Record(path) for path in paths])
    files = {path.relative_to(lab).as_posix(): path.read_bytes() for path in lab.glob("05/*")}
    name, packed = sent_file.pack({"schema": "sent/1", "by": None, "missing": {}, **said, **manifest}, "", files)
    (folder / name).write_bytes(packed)
    return folder / name


def refused(root, file, pattern):
    before = everything(root)
    with pytest.raises(LabError, match=pattern) as caught:
        host_filing.put(further_host.from_file(file, root), root)
    assert "\n" not in str(caught.value) and everything(root) == before
    assert not list((root / "experiments").rglob("incoming-*"))


def test_a_sent_result_becomes_a_further_host(root, tmp_path):
    file = send(tmp_path, theirs(), theirs("nohits-vllm"), columns={"x": [1, 2]}, by="ada")
    one = further_host.from_file(file, root)
    folder = host_filing.put(one, root)
    assert folder == root / "experiments/hosts" / THERE["id"] / "05" and one.by == "ada"
    (found,) = host_folders.hosts("05", root)
    assert found.measurements == ("hits-vllm", "nohits-vllm") and len(list(folder.iterdir())) == 4
    assert host_index.faults(root) == [] and host_index.read(root)[f"{THERE['id']}/05"].by == "ada"
    assert not list((root / "experiments/local").iterdir())


def test_checking_writes_nothing(root, tmp_path):
    file, before = send(tmp_path, theirs()), everything(root)
    host_filing.lies_free(further_host.from_file(file, root), root)
    assert everything(root) == before


def test_another_release_is_refused(root, tmp_path):
    engine = {**made.record()["engine"], "version": "0.33.0"}
    refused(root, send(tmp_path, theirs(engine=engine)),
            "05-.*tar.gz: hits-vllm.json: measured on vllm 0.33.0, the pages are of 0.32.0; have it measured again")


def test_another_model_is_refused(root, tmp_path):
    pattern = "measured on Qwen3-0.6B shape .random weights., the reference on Qwen3-8B shape: another model is not"
    refused(root, send(tmp_path, theirs(model=SMALL)), pattern)
    refused(root, send(tmp_path, theirs("new-measurement", model=SMALL)), pattern)
    refused(root, send(tmp_path, theirs(model={**made.MODEL, "weights": "real"})), "Qwen3-8B shape .real weights")


def test_two_hosts_in_one_file_are_refused(root, tmp_path):
    refused(root, send(tmp_path, theirs("a"), theirs("b", at=made.host("GPU-3"))), "b.json: records of two hosts")


def test_a_host_that_claims_another_gpu_is_refused(root, tmp_path):
    claims = {**THERE, "gpu": {**THERE["gpu"], "uuid": "GPU-3"}}
    refused(root, send(tmp_path, theirs(at=claims)), "hits-vllm.json: host.id is .*: the host claims another GPU")
    refused(root, send(tmp_path, theirs("a"), theirs("b", at=claims)), "b.json: two hosts with one id .*host.uuid")
    renamed = {**THERE, "gpu": {**THERE["gpu"], "name": "NVIDIA H100"}}
    refused(root, send(tmp_path, theirs("a"), theirs("b", at=renamed)), "host.gpu is NVIDIA H100, in a.json .* H200")


def test_an_id_that_another_host_here_has_is_refused(root, tmp_path):
    """The GPU's name is not part of the id, so records of two files can differ in it."""
    host_filing.put(further_host.from_file(send(tmp_path, theirs()), root), root)
    renamed = {**THERE, "gpu": {**THERE["gpu"], "name": "NVIDIA H100"}}
    lab = tmp_path / "out"
    made.write(lab, theirs(at=renamed, experiment="06"))
    (one,) = further_host.from_folder(lab, root)
    with pytest.raises(LabError, match=f"two hosts with one id {THERE['id']}: host.gpu is NVIDIA H100, in .*H200"):
        host_filing.put(one, root)


def test_what_is_there_already_is_refused(root, tmp_path):
    file = send(tmp_path, theirs())
    host_filing.put(further_host.from_file(file, root), root)
    refused(root, file, "/05: experiments/hosts/.*/05 has this host's records already")
    refused(root, send(tmp_path, theirs(at=HERE)), "experiments/records/05 is of this host already, as the reference")


@pytest.mark.parametrize(
    ("name", "value"),
    [("engines", {"vllm": "0.33.0"}), ("models", []), ("lab", "sha256:" + "c" * 64), ("commit", "d" * 40),
     ("measured", dict.fromkeys(("first", "last"), "2026-11-29T11:00:00Z")),
     ("host", {**further_host.said([type("R", (), {"data": made.record(at=THERE)})])["host"], "gpu": "NVIDIA B200"})],
)  # fmt: skip
def test_a_manifest_that_says_otherwise_than_its_records_is_refused(root, tmp_path, name, value):
    refused(root, send(tmp_path, theirs(), **{name: value}), f"its manifest says {name} .*, its records .*: edited")


def test_records_edited_by_hand_are_refused_where_that_can_be_told(root, tmp_path):
    """The manifest is made again here, as a careful editor would: what else is wrong is found."""
    lab = tmp_path / "lab"
    path = made.write(lab, theirs(), {"x": [1, 2, 3]})
    columns = path.with_name("hits-vllm.columns.json.gz")

    def packed():
        files = {each.relative_to(lab).as_posix(): each.read_bytes() for each in lab.glob("05/*")}
        said = further_host.said([type("R", (), {"data": theirs()})])
        name, data = sent_file.pack({"schema": "sent/1", "by": None, "missing": {}, **said}, "", files)
        (tmp_path / name).write_bytes(data)
        return tmp_path / name

    whole = columns.read_bytes()
    columns.write_bytes(record_format.pack({"x": [1, 2, 4]}))
    refused(root, packed(), "05/hits-vllm.json: its column file .* has another digest; measure it again")
    columns.write_bytes(whole[:20])
    refused(root, packed(), "has another digest")
    columns.unlink()
    refused(root, packed(), "its column file .* is not there")
    columns.write_bytes(whole)
    text = path.read_text()
    path.write_text(text.replace('"wall_s": 1.5', '"wall_s": "long"'))
    refused(root, packed(), "05/hits-vllm.json: wall_s: 'long' is not of type 'number'")
    path.write_text(text.replace('"values"', '"numbers"'))
    refused(root, packed(), "05/hits-vllm.json: samples")
    path.write_text(text[:-30])
    refused(root, packed(), "05/hits-vllm.json: .*a record is never edited")
    path.write_text(text)
    (path.parent / "stray.json.gz").write_bytes(b"x")
    refused(root, packed(), "05/stray.json.gz belongs to no record of experiment 05")


def test_a_damaged_or_endless_column_file_is_refused(root, tmp_path, monkeypatch):
    lab, data = tmp_path / "lab", gzip.compress(b'{"x": [1, 2]}', mtime=0)
    for raw, most in ((data[:-9], 99), (data, 5), (gzip.compress(b'{"x": [1], "y": [1, 2]}', mtime=0), 99)):
        monkeypatch.setattr(further_host, "MOST_COLUMNS", most)
        named = {"file": "hits-vllm.columns.json.gz", "sha256": record_format.sha256(raw)}
        made.write(lab, theirs(columns=named))
        (lab / "05" / named["file"]).write_bytes(raw)
        with pytest.raises(LabError, match="its column file hits-vllm.columns.json.gz is cut or damaged"):
            further_host.from_folder(lab, root)


def test_a_record_too_large_or_with_a_path_in_it_is_refused(root, tmp_path, monkeypatch):
    named = theirs(extra={"says": "/" + "srv/models/x"})
    refused(root, send(tmp_path, named), "extra.says holds .*a path of the machine; measure it again without")
    monkeypatch.setattr(record_format, "LIMIT", 500)
    refused(root, send(tmp_path, theirs()), "bytes with its columns, at most 500")


def test_all_records_together_have_a_limit(root, tmp_path, monkeypatch):
    monkeypatch.setattr(record_format, "TOTAL", 3_000)
    refused(root, send(tmp_path, theirs()), "with it all records have [0-9,]+ bytes, at most 3,000")


def test_a_call_path_is_no_result(root, tmp_path):
    recorded = {"configuration": "x", "files": {}, "processes": [{"pid": 1, "role": "a", "name": "b"}]}
    refused(root, send(tmp_path, theirs(recording=recorded)), "is the recording of a call path, and no measurement")
    made.write(tmp_path / "out", theirs("path-vllm-gpu", recording=recorded))
    made.write(tmp_path / "out", theirs())
    (one,) = further_host.from_folder(tmp_path / "out", root)
    assert set(one.files) == {"hits-vllm.json"}


def test_a_folder_without_records_is_refused(root, tmp_path):
    with pytest.raises(LabError, match="holds no measurement; it must be the folder given to --out"):
        further_host.from_folder(tmp_path, root)


def sent_with(folder, columns: bytes):
    """A file whose one record has these bytes for its columns."""
    named = {"file": "hits-vllm.columns.json.gz", "sha256": record_format.sha256(columns)}
    data = theirs(columns=named)
    made.write(folder / "lab", data)
    (folder / "lab/05" / named["file"]).write_bytes(columns)
    files = {path.relative_to(folder / "lab").as_posix(): path.read_bytes() for path in (folder / "lab").glob("05/*")}
    said = further_host.said([type("R", (), {"data": data})])
    name, packed = sent_file.pack({"schema": "sent/1", "by": None, "missing": {}, **said}, "", files)
    (folder / name).write_bytes(packed)
    return folder / name


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (b'{"x": [' + b"[]," * 10_000_000 + b"[]]}", "unpacks to more than 20,000,000 bytes"),
        (b'{"x": [[1]]}', "a value of its columns is no number and no text"),
        (b'{"x": [' + b"[" * 500 + b"]" * 500 + b"]}", "is nested more than 30 deep"),
        (b'{"x": [1e999]}', "is a number too large"),
        (b'{"x": [1], "x": [2]}', "has 'x' twice"),
        (b'{"x": ["\\u202e"]}', r"holds the sign U\+202E"),
        (b'{"x": 1}', "no table of columns"),
        (b"[]", "no table of columns"),
    ],
)
def test_columns_that_are_no_columns_are_refused(root, tmp_path, text, what):
    file = sent_with(tmp_path, gzip.compress(text, mtime=0))
    refused(root, file, f"hits-vllm.json: its column file hits-vllm.columns.json.gz is cut or damaged.*{what}")


def test_a_path_of_a_machine_in_a_column_is_refused(root, tmp_path):
    file = sent_with(tmp_path, gzip.compress(b'{"x": ["/" ]}'.replace(b'"/"', b'"/' + b'srv/models/x"'), mtime=0))
    refused(root, file, r"hits-vllm.json: columns.x\[0\] holds '/" + "srv/models/x', a path of the machine")


def test_columns_that_are_too_large_together_are_refused(root, tmp_path, monkeypatch):
    monkeypatch.setattr(further_host, "MOST_OF_ALL", 25)
    file = send(tmp_path, theirs(), theirs("nohits-vllm"), columns={"x": [1, 2, 3]})
    refused(root, file, "experiment 05: its columns unpack to more than 25 bytes together")


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace('"wall_s": 1.5', '"wall_s": 1.5, "wall_s": 99'),
        lambda text: text.replace('"wall_s": 1.5', '"wall_s": 1' + "0" * 400),
        lambda text: text.replace('"seed": 1', '"seed": 1, "x": ' + "[" * 600 + "]" * 600),
        lambda text: text.replace('"torch": "2.13.0"', '"torch": "2.13.0\\u001b[2J"'),
        lambda text: text.replace('"torch": "2.13.0"', '"torch": "\\ud800"'),
        lambda text: text.replace('"torch": "2.13.0"', '"torch": "' + "x" * 999 + '"'),
    ],
)
def test_a_record_that_readers_read_apart_is_refused(root, tmp_path, change):
    send(tmp_path, theirs())
    path = tmp_path / "lab/05/hits-vllm.json"
    text = path.read_text()
    path.write_text(change(text))
    assert path.read_text() != text
    with pytest.raises(LabError, match="^05/hits-vllm.json: .*measure it again") as caught:
        further_host.from_folder(tmp_path / "lab", root)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize("name", ["hits-vllm.json", "hits-vllm.columns.json.gz"])
def test_a_link_in_a_folder_is_refused(root, tmp_path, name):
    made.write(tmp_path / "lab", theirs(), {"x": [1]})
    file = tmp_path / "lab/05" / name
    file.rename(tmp_path / "elsewhere")
    file.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(LabError, match=f"^{name}: is a link or the like"):
        further_host.from_folder(tmp_path / "lab", root)


def test_a_file_too_large_for_a_record_is_refused_unread(root, tmp_path):
    made.write(tmp_path / "lab", theirs())
    (tmp_path / "lab/05/hits-vllm.json").write_bytes(b"[" * 1_000_001)
    with pytest.raises(LabError, match="hits-vllm.json: has 1,000,001 bytes, at most 1,000,000; it is no record"):
        further_host.from_folder(tmp_path / "lab", root)


def test_what_is_filed_here_would_be_taken_again():
    """A check that gets stricter must not shut out what experiments really write, such as answers of several lines."""
    for top in host_index.SCHEMAS:
        for place in host_index.places(ROOT, folder=top):
            assert further_host.place(further_host.admitted(ROOT / host_index.path(place), place[-2:], ROOT)) == place
