"""The grammar backends of both engines on schemas small enough to count by hand, and what is refused."""

import json
import types

import pytest

from experiments.lab.host import config, model_folders
from experiments.lab.workers.worker_kit import grammar_walk
from tests.lab.fakes import engine_worker

CONST = {"type": "object", "properties": {"a": {"enum": ["yes"]}}, "required": ["a"], "additionalProperties": False}
CASES = {
    "word": {"schema": CONST, "document": {"a": "yes"}},
    "truth": {"schema": {"type": "boolean"}, "document": True},
    "odd": {"schema": {"type": "array", "items": {"type": "integer"}, "uniqueItems": True}, "document": [1]},
    "wrong": {"schema": {"type": "boolean"}, "document": 7},
}
SCRIPTS = {"vllm": "vllm_grammar.py", "sglang": "sglang_grammar.py"}


@pytest.fixture(scope="module")
def cases(tmp_path_factory):
    path = tmp_path_factory.mktemp("cases") / "cases.json"
    path.write_text(json.dumps(CASES))
    return path


@pytest.fixture(scope="module")
def pythons(engine_python, sglang_python):
    return {"vllm": engine_python, "sglang": sglang_python}


@pytest.fixture(scope="module", params=SCRIPTS)
def rows(request, pythons, cases):
    line = engine_worker.printed(pythons[request.param], SCRIPTS[request.param], {"cases": str(cases)})
    return request.param, json.loads(line)["rows"]


def of(rows, **labels):
    return [row for row in rows if labels.items() <= row.items()]


@pytest.mark.engine
def test_a_document_that_breaks_its_schema_is_refused_by_every_backend(rows):
    engine, rows = rows
    wrong = of(rows, schema="wrong")
    assert {row["kind"] for row in wrong} == {"refused"} and len(wrong) == (3 if engine == "vllm" else 4)
    assert all("token 0 of the document is not allowed" in row["why"] for row in wrong)


@pytest.mark.engine
def test_what_a_backend_cannot_hold_is_refused_with_its_reason(rows):
    engine, rows = rows
    refused = of(rows, schema="odd", kind="refused")
    assert "xgrammar" in {row["backend"] for row in refused}, "xgrammar would leave out that no item may come twice"
    assert all("support" in row["why"] or "Unimplemented" in row["why"] for row in refused), refused


@pytest.mark.engine
def test_the_tokens_that_must_come_are_those_of_the_one_text(rows):
    engine, rows = rows
    found = {row["backend"]: row for row in of(rows, schema="word", kind="walk")}
    assert len({row["tokens"] for row in found.values()}) == 1
    if engine == "vllm":
        assert "jumpable" not in found["xgrammar"], "vLLM has nothing to ask"
        return
    # With blanks fixed only one text is left, so each token lies in it; with blanks there is a choice after the brace.
    assert found["xgrammar-compact"]["jumpable"] == found["xgrammar-compact"]["tokens"]
    assert found["xgrammar"]["jumpable"] < found["xgrammar"]["tokens"]
    assert "jumpable" not in found["outlines"]


@pytest.mark.engine
def test_true_has_one_token_and_two_are_allowed_at_least(rows):
    for row in of(rows[1], schema="truth", kind="walk"):
        assert row["tokens"] == 1 and row["allowed"] >= 2 and row["forced"] == 0


@pytest.mark.engine
@pytest.mark.parametrize("engine", SCRIPTS)
def test_times_of_a_request_and_of_a_batch_and_the_front_end_is_vllms(engine, pythons, tmp_path):
    path = tmp_path / "cases.json"
    path.write_text(json.dumps({"flat": CASES["word"]}))
    line = engine_worker.printed(pythons[engine], SCRIPTS[engine], {"cases": str(path), "rounds": 2})
    rows = json.loads(line)["rows"]
    assert {row["kind"] for row in rows} == {"cost", "rows"} and len({row["backend"] for row in rows}) == 3
    assert all(len(row["us"]) == 2 and min(row["us"]) > 0 for row in rows)
    assert bool(of(rows, op="check")) == (engine == "vllm")
    first, again = (of(rows, op=op, backend="xgrammar")[0]["us"] for op in ("compile", "again"))
    assert min(first) > max(again), "the same schema was compiled again"
    batches = {(row["backend"], row["requests"]): min(row["us"]) for row in of(rows, kind="rows")}
    guidance = "guidance" if engine == "vllm" else "llguidance"
    assert set(batches) == {(backend, size) for backend in ("xgrammar", guidance) for size in (1, 8, 32, 128)}
    assert batches["xgrammar", 128] > batches["xgrammar", 1], "the rows of a batch were not filled"


@pytest.mark.engine
def test_a_file_that_is_not_there_and_a_case_without_a_document_are_a_line(pythons, tmp_path):
    path = tmp_path / "cases.json"
    path.write_text('{"flat": {"schema": {}}}')
    wrong = [{"cases": str(tmp_path / "none")}, {"cases": str(path)}, {"case": 1}]
    ends = engine_worker.ends(pythons["vllm"], "vllm_grammar.py", wrong)
    assert "none" in ends[0] and "give the file that schemas.py printed" in ends[0]
    assert f"{path}: flat: has no schema and document" in ends[1]
    assert ends[2].startswith("no such setting: case; there are: cases, rounds")


@pytest.mark.engine
def test_the_five_documents_meet_their_schemas(engine_python):
    jsonschema = pytest.importorskip("jsonschema")
    cases = json.loads(engine_worker._run(engine_python, str(engine_worker.WORKERS / "schemas.py")))
    assert set(cases) == {"flat", "nested", "enums", "recursive", "openapi"}
    for name, case in cases.items():
        checker = jsonschema.Draft202012Validator(case["schema"])
        assert checker.is_valid(case["document"]), name
        assert not checker.is_valid({"another": 1}) or name == "openapi"


def test_a_jump_counts_the_tokens_that_lie_whole_in_the_text():
    jumps = grammar_walk.Jumps()
    for must, token in (('{"a"', b'{"'), ("", b'a'), ("", b'":'), (":", b':'), ("x", b'y')):
        jumps.meet(must, token)
    # '{"' and 'a' lie in the first text, '":' reaches beyond it, ':' is a text of its own, 'y' is not what must come.
    assert (jumps.tokens, jumps.jumps) == (3, 2)


@pytest.mark.engine
@pytest.mark.parametrize("engine", SCRIPTS)
def test_a_batch_fills_a_row_each_and_each_as_if_alone(engine, pythons, tmp_path):
    """A row of the batch's mask is the mask that the request's grammar gives alone."""
    code = (
        "import json, sys; sys.path.insert(0, sys.argv[1]); sys.argv[1:] = sys.argv[2:]\n"
        f"import {SCRIPTS[engine][:-3]} as worker\nfrom worker_kit import grammar_batch\n"
        "made = []\n"
        "grammar_batch.rows = lambda engines, *_: made.extend(engines) or []\n"
        "worker.measure(sys.argv[1], {'cases': sys.argv[2], 'rounds': 1})\n"
        "from transformers import AutoTokenizer\n"
        "ids = AutoTokenizer.from_pretrained(sys.argv[1]).encode('{\"a\": \"yes\"}', add_special_tokens=False)\n"
        "text, equal = json.dumps(json.load(open(sys.argv[2]))['flat']['schema']), []\n"
        "for each in (each for each in made if each.fill_rows):\n"
        "    held, mask = grammar_batch.Batch(each, text, ids, 5, 1), each.mask(5)\n"
        "    held.advance()\n"
        "    grammars = held.grammars\n"
        "    each.fill_rows(grammars, mask)\n"
        "    for row, grammar in enumerate(grammars):\n"
        "        alone = each.mask()\n"
        "        each.fill(grammar, alone)\n"
        "        equal.append(bool((alone[0] == mask[row]).all()))\n"
        "print(json.dumps([len(equal), all(equal)]))\n"
    )
    path = tmp_path / "cases.json"
    path.write_text(json.dumps({"flat": CASES["word"]}))
    model = str(model_folders.folder("qwen3-8b-shape", config.load()))
    printed = engine_worker._run(pythons[engine], "-c", code, str(engine_worker.WORKERS), model, str(path))
    assert json.loads(printed) == [10, True]


def test_the_large_schema_is_not_kept_here():
    assert "ChatCompletion" not in (config.ROOT / "experiments/records/07/walk-vllm.json").read_text()


def test_backends_are_left_out_by_name_and_a_workload_without_any_does_not_say_so():
    engines = [types.SimpleNamespace(backend=name) for name in ("xgrammar", "outlines")]
    what = {"rounds": 5, "leave": []}
    assert grammar_walk.kept(engines, what) == engines and what == {"rounds": 5}
    what = {"rounds": 5, "leave": ["outlines"]}
    assert [each.backend for each in grammar_walk.kept(engines, what)] == ["xgrammar"] and what["leave"] == ["outlines"]
    with pytest.raises(ValueError, match="leave: there is no backend 'outline'; there are: xgrammar, outlines"):
        grammar_walk.kept(engines, {"leave": ["outline"]})
