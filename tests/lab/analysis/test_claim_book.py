"""A claim is evaluated from records of one host, by code whose digest is kept, and written whole."""

import contextlib
import json
import re
import shutil
import time

import pytest

from experiments.formats import record_format, value_format
from experiments.lab import __main__ as command
from experiments.lab.analysis import claim_book, claim_code, draw_figures, intervals, notebook_runner
from experiments.lab.analysis.claim_book import Book
from experiments.lab.errors import LabError, NotMeasured
from experiments.lab.evaluation import compare_claims, host_claims, host_ranges, measure_and_redraw, reevaluate_claims
from experiments.lab.evaluation.verify_claims import differences
from experiments.lab.fleets import suite_runner
from experiments.lab.host import config
from experiments.lab.records import record_file
from experiments.lab.records.record_file import Draft, Record, sample
from experiments.lab.verdicts.verdict import above, all_of, below, fact


@pytest.fixture
def root(tmp_path, monkeypatch):
    """A repository with two records, `fast` and `slow`, of this host."""
    monkeypatch.setattr(config, "ROOT", tmp_path)
    for name, base in (("fast", 10.0), ("slow", 20.0)):
        samples = [sample("ttft", "ms", [base + i / 10 for i in range(20)])]
        record_file.write(
            tmp_path / "experiments/records",
            *record_file.finish(Draft(name, {"seed": 1}, samples), "01", time.time(), 1),
        )
    return tmp_path


def claimed(book, id="twice", sentence="Slow takes {ratio} of fast.", names=("fast", "slow"), **more):
    more = {"holds": above(1.5, "ratio"), "set_by": "processor", **more}

    @book.claim(id=id, title="Twice", sentence=sentence, records=list(names), tier="cpu", **more)
    def twice(fast, slow):
        return {"ratio": intervals.ratio(slow.values("ttft"), fast.values("ttft"))}

    return book.claims[-1]


def elsewhere(root, name):
    """Rewrites a record as one of another host."""
    path = root / f"experiments/records/01/{name}.json"
    data = json.loads(path.read_text())
    data["host"]["id"] = "f" * 16
    path.write_text(json.dumps(data))


def test_a_claim_is_a_value_an_interval_and_a_verdict(root):
    book = Book("01", "reference", root)
    claim = claimed(book, figure="x.svg")
    book.finish()
    assert claim["holds"] is True and claim["figure"] == "figures/01/x.svg"
    assert claim["values"]["ratio"]["value"] == pytest.approx(20.95 / 10.95)
    low, high = claim["values"]["ratio"]["ci"]
    assert low < 20.95 / 10.95 < high and claim["values"]["ratio"]["n"] == 20
    assert [r["path"] for r in claim["records"]] == [
        "experiments/records/01/fast.json",
        "experiments/records/01/slow.json",
    ]
    written = json.loads((root / "experiments/claims/01.json").read_text())
    assert written["claims"] == [claim] and written["schema"] == "claims/2"


def test_what_a_verdict_asks_for_is_written_and_compared(root):
    claim = claimed(Book("01", "reference", root))
    assert claim["holds_if"] == "the ratio lies above 1.5, the whole interval"
    assert differences(claim, {**claim, "holds_if": "it is above 1.4"}) == ["holds_if differs"]


def test_what_sets_a_value_is_said_behind_the_values_and_compared(root):
    claim = claimed(Book("01", "reference", root))
    assert claim["kinds"] == {"ratio": {"kind": "ratio", "set_by": "processor"}}
    assert list(claim).index("kinds") == list(claim).index("values") + 1
    other = claimed(Book("01", "reference", root), set_by={"ratio": "gpu"})
    assert differences(other, {**other, "kinds": claim["kinds"]}) == ["kinds differs"]


def test_a_claim_that_does_not_say_what_sets_a_ratio_is_refused(root):
    with pytest.raises(LabError, match="01: claim twice: value ratio: nothing says what sets it; add set_by, "):
        claimed(Book("01", "reference", root), set_by=None)


def test_a_claim_without_a_verdict_is_refused(root):
    with pytest.raises(TypeError, match="holds"):
        Book("01", "reference", root).claim(id="a", title="", sentence="", records=["fast"], tier="cpu")


def judged(book, holds, facts=None, **more):
    more = {"set_by": "processor", "holds": holds, **more}

    @book.claim(id="twice", title="", sentence="{ratio}", records=["fast", "slow"], tier="cpu", **more)
    def twice(fast, slow):
        values = {"ratio": intervals.ratio(slow.values("ttft"), fast.values("ttft"))}
        return values if facts is None else (values, facts)

    return book.claims[-1]


def test_the_words_of_a_verdict_are_made_of_what_is_evaluated(root):
    claim = judged(Book("01", "reference", root), above(1.5, "ratio"), labels={"ratio": "slow over fast"})
    assert claim["holds"] is True and claim["holds_if"] == "slow over fast lies above 1.5, the whole interval"
    limit = {"is": "above", "limit": 1.5, "of": ["ratio"], "by": "interval"}
    assert claim["predicate"] == {"test": limit}
    assert judged(Book("01", "reference", root), above(1.95, "ratio"))["holds"] is False
    assert differences(claim, {**claim, "predicate": {"test": {**limit, "limit": 1.4}}}) == ["predicate differs"]


def test_what_is_no_value_is_a_fact_beside_the_values(root):
    test = all_of(fact("sorted", "the order is kept"), below(5, "most"))
    facts = {"sorted": True, "most": intervals.value(4, "count")}
    claim = judged(Book("01", "reference", root), test, facts)
    assert claim["holds"] is True and set(claim["values"]) == {"ratio"}
    assert claim["holds_if"] == "the order is kept and the most is below 5"
    assert claim["predicate"]["facts"] == facts


@pytest.mark.parametrize(
    ("holds", "facts", "labels", "message"),
    [
        (above(1, "ratios"), None, {}, "claim twice: its verdict names ratios, its code returns ratio"),
        (above(1, "ratio"), None, {"gap": "the gap"}, "claim twice: labels gap, which its code does not return"),
        (above(1, "ratio"), True, {}, r"claim twice: its code must return values by name, or \(values, facts\)"),
    ],
)
def test_a_verdict_on_what_is_not_there_is_refused(root, holds, facts, labels, message):
    with pytest.raises(LabError, match=message):
        judged(Book("01", "reference", root), holds, facts, labels=labels)


def test_a_server_is_looked_up_in_the_fleets_in_which_it_stood(root):
    folder = root / "experiments/records/01"
    for name in ("pace-f2-vllm-sync", "pace-f2-vllm", "pace-f10-vllm", "pace-f1-small-vllm"):
        shutil.copy(folder / "fast.json", folder / f"{name}.json")
    book = Book("01", "reference", root)
    assert book.fleets("pace", "vllm") == ["f2", "f10"] and book.measured("pace", "vllm") == "pace-f2-vllm"
    assert book.measured("pace", "small-vllm", beside="vllm-sync") == "pace-f2-small-vllm"
    assert book.measured("pace", "sglang") == "pace-f1-sglang"


def test_the_same_records_give_the_same_bytes(root):
    texts = []
    for _ in range(2):
        book = Book("01", "reference", root)
        claimed(book)
        book.finish()
        texts.append((root / "experiments/claims/01.json").read_bytes())
    assert texts[0] == texts[1]


def test_two_hosts_are_never_compared(root):
    elsewhere(root, "slow")
    with pytest.raises(LabError, match="claim twice: rests on records of 2 hosts .*slow.json on ffffffffffffffff"):
        claimed(Book("01", "reference", root))


def test_a_sweep_of_two_hosts_is_refused_wherever_its_third_record_is_from(root, tmp_path):
    """Fleets of one sweep are joined by ratios, and still only of one host."""
    names = ("fast", "slow", "mixed-f2")
    samples = [sample("ttft", "ms", [30.0 + i / 10 for i in range(20)])]
    record_file.write(
        tmp_path / "experiments/records", *record_file.finish(Draft("mixed-f2", {"seed": 1}, samples), "01", 0, 1)
    )

    def joined(book):
        more = {"holds": above(0, "ratio"), "set_by": "gpu"}

        @book.claim(id="sweep", title="", sentence="{ratio}", records=list(names), tier="gpu", **more)
        def sweep(fast, slow, other):
            return {"ratio": intervals.ratio(other.values("ttft"), slow.values("ttft"))}

    joined(Book("01", "reference", root))
    elsewhere(root, "mixed-f2")
    with pytest.raises(LabError, match="claim sweep: rests on records of 2 hosts .*mixed-f2.json on ffffffffffffffff"):
        joined(Book("01", "reference", root))


def test_a_claim_on_no_record_is_refused(root):
    with pytest.raises(LabError, match="claim twice: rests on no record"):
        claimed(Book("01", "reference", root), names=())


def test_two_claims_of_one_id_are_refused(root):
    book = Book("01", "reference", root)
    claimed(book)
    with pytest.raises(LabError, match="two claims are called twice"):
        claimed(book)


def test_a_sentence_names_only_what_the_code_returns(root):
    with pytest.raises(LabError, match="its sentence names other, its code returns ratio"):
        claimed(Book("01", "reference", root), sentence="{other} of {ratio}")


def test_a_value_that_is_no_number_is_refused(root):
    book = Book("01", "reference", root)
    with pytest.raises(LabError, match="value bad: .* no finite number"):

        @book.claim(id="bad", title="", sentence="{bad}", records=["fast"], tier="cpu", holds=above(0, "bad"))
        def bad(fast):
            return {"bad": intervals.value(float("nan"), "ms")}


def test_a_missing_record_fails_the_reference_and_is_left_out_elsewhere(root):
    with pytest.raises(NotMeasured):
        claimed(Book("01", "reference", root), names=("fast", "gone"))
    shutil.copytree(root / "experiments/records", root / "experiments/local/records")
    book = Book("01", "local", root)
    claimed(book)

    @book.claim(id="gone", title="", sentence="", records=["gone"], tier="cpu", holds=above(0, "x"))
    def gone(record):
        pytest.fail("evaluated without its record")

    assert [claim["id"] for claim in book.claims] == ["twice"] and "gone.json: not measured" in book.skipped["gone"]


def test_the_digest_of_the_code_follows_the_functions_it_calls():
    def digest(helper, constant):
        names = {"__name__": "notebook"}
        where = f"<code {helper} {constant}>"
        text = (
            f"def helper(x):\n    return {helper}\n\ndef claim(x):\n    return [helper(y) for y in x] + [{constant}]\n"
        )
        import linecache

        linecache.cache[where] = (len(text), None, text.splitlines(keepends=True), where)
        exec(compile(text, where, "exec"), names)
        return claim_code.code_digest(names["claim"])

    assert digest("x", "1") == digest("x", "1")
    assert len({digest("x", "1"), digest("x + 1", "1"), digest("x", "2")}) == 3


def test_intervals_shrink_with_more_samples_and_repeat():
    few, many = [1.0, 2.0, 3.0, 4.0], [1.0, 2.0, 3.0, 4.0] * 50
    narrow, wide = intervals.of(sum_over_n, [many], "ms")["ci"], intervals.of(sum_over_n, [few], "ms")["ci"]
    assert narrow[1] - narrow[0] < (wide[1] - wide[0]) / 3
    assert intervals.median(few, "ms") == intervals.median(few, "ms")
    with pytest.raises(LabError, match="at least two values"):
        intervals.median([1.0], "ms")


def sum_over_n(values):
    return values.sum() / values.size


def test_slope_and_share_are_what_they_say():
    assert intervals.slope({1: [2.0] * 3, 2: [4.0] * 3, 3: [6.0] * 3}, "ms")["value"] == pytest.approx(2.0)
    assert intervals.share([1.0, 2.0], [4.0, 8.0])["value"] == pytest.approx(25.0)
    none, half = intervals.proportion([False] * 100), intervals.proportion([True, False] * 50)
    assert none["ci"] == pytest.approx([0, 3.70], abs=0.01) and half["ci"] == pytest.approx([40.38, 59.62], abs=0.01)
    with pytest.raises(LabError, match="needs pairs"):
        intervals.share([1.0], [1.0, 2.0])


def test_a_figure_takes_its_colours_from_the_page_and_has_the_same_bytes_again():
    def drawing(figure, axes):
        axes.plot([1, 2], [3, 4], color=draw_figures.colour("vllm"), label="vLLM")
        axes.set_xlabel("tokens")
        axes.legend()

    text = draw_figures.draw(drawing, 2, "01/x.svg")
    assert text == draw_figures.draw(drawing, 2, "01/x.svg")
    assert "var(--figure-vllm, #3b78c4)" in text and "currentColor" in text and text.startswith("<svg")
    assert "#0a0b" not in text and draw_figures.INK not in text and "<style" not in text and "DejaVu" not in text
    assert "http" not in text.replace("http://www.w3.org/", "")


def test_the_digest_of_a_figure_stands_with_the_claims_and_stays_when_other_hosts_are_added(root):
    book = Book("01", "reference", root)
    claimed(book)
    book.figure("line.svg", height=2, phone=3)(lambda figure, axes: axes.plot([1, 2], [3, 4]))
    book.finish()
    path = root / "experiments/claims/01.json"
    names = ("line-phone.svg", "line.svg")
    drawn = {name: record_format.sha256((root / "experiments/figures/01" / name).read_bytes()) for name in names}
    assert json.loads(path.read_text())["figures"] == drawn
    host_claims.write("01", root)
    assert json.loads(path.read_text())["figures"] == drawn


NOTEBOOK = """# %% [markdown]
# # A notebook

# %%
from experiments.lab.analysis import intervals
from experiments.lab.analysis.claim_book import Book
from experiments.lab.verdicts.verdict import above
from pathlib import Path

book = Book("01", root=Path(__file__).parents[1])
fast, slow = book.record("fast"), book.record("slow")

# %%
@book.claim(id="twice", title="Twice", sentence="{ratio}", records=[fast, slow], tier="cpu",
            holds=above(0, "ratio"), set_by="processor")
def twice(fast, slow):
    return {"ratio": intervals.ratio(slow.values("ttft"), fast.values("ttft"))}

# %%
other = book.record("gone") if book.mode == "local" else fast

# %%
@book.claim(id="other", title="Other", sentence="{n}", records=[other], tier="gpu", holds=above(0, "n"))
def of_other(other):
    return {"n": intervals.value(len(other.values("ttft")), "count")}

# %%
book.finish()
"""


@pytest.fixture
def notebook(root):
    (root / "experiments/01_test.py").write_text(NOTEBOOK)
    return root


class Options:
    exp, reference, no_measure, all, card, cards = None, False, True, False, None, None


def written(root):
    notebook_runner.evaluate("01", "reference", root)
    host_claims.write("01", root)
    host_ranges.write(root)


def test_verify_evaluates_again_and_names_what_differs(notebook, capsys):
    written(notebook)
    assert reevaluate_claims.verify_command(Options, None) == 0
    assert "2 claims are as written" in capsys.readouterr().out
    path = notebook / "experiments/claims/01.json"
    data = json.loads(path.read_text())
    data["claims"][0]["values"]["ratio"]["value"] *= 1.001
    del data["claims"][1]
    path.write_text(json.dumps(data))
    assert reevaluate_claims.verify_command(Options, None) == 1
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 2
    assert "lacks the notebook's claim other; write it again: make experiments EXP=01" in lines[0]
    assert "claim twice: ratio is 1.91" in lines[1]


def test_verify_names_claims_that_a_notebook_run_by_hand_wrote(notebook, capsys):
    written(notebook)
    notebook_runner.evaluate("01", "reference", notebook)
    assert reevaluate_claims.verify_command(Options, None) == 1
    assert "claim twice: it has no hosts, as if its notebook had been run by hand; write" in capsys.readouterr().err


def test_verify_refuses_a_record_of_another_host(notebook, monkeypatch, capsys):
    notebook_runner.evaluate("01", "reference", notebook)
    elsewhere(notebook, "slow")
    assert command.main(["verify", "--exp", "01"]) == 1
    out, err = capsys.readouterr()
    assert out == "" and err.count("\n") == 1
    assert "claim twice: rests on records of 2 hosts" in err and "measure them on one, and compare there" in err


def test_verify_writes_nothing(notebook):
    before = sorted(notebook.rglob("*"))
    notebook_runner.evaluate("01", "verify", notebook)
    assert sorted(notebook.rglob("*")) == before


def test_what_was_not_measured_here_is_left_out_cell_by_cell(notebook):
    shutil.copytree(notebook / "experiments/records", notebook / "experiments/local/records")
    book = notebook_runner.evaluate("01", "local", notebook)
    assert [claim["id"] for claim in book.claims] == ["twice"]
    assert (notebook / "experiments/local/claims/01.json").exists()
    assert not (notebook / "experiments/claims/01.json").exists()


def test_the_table_sets_reference_and_here_side_by_side(notebook):
    shutil.copytree(notebook / "experiments/records", notebook / "experiments/local/records")
    reference = notebook_runner.evaluate("01", "reference", notebook).claims
    here = notebook_runner.evaluate("01", "local", notebook)
    lines = compare_claims.table("01", reference, here.claims, here.skipped).splitlines()
    assert lines[1].split() == ["claim", "reference", "here", "holds"]
    assert lines[3].startswith("twice  ratio") and lines[3].endswith("yes")
    assert "not measured here" in lines[4] and lines[4].endswith("(yes, reference)")


def test_experiments_redraws_from_the_reference_and_compares_what_is_here(notebook, monkeypatch, capsys):
    monkeypatch.setattr(suite_runner, "one_at_a_time", contextlib.nullcontext)
    monkeypatch.setattr(suite_runner, "experiments", lambda: ["01"])
    shutil.copytree(notebook / "experiments/records", notebook / "experiments/local/records")
    monkeypatch.setattr(
        notebook_runner, "execute", lambda exp, root: notebook_runner.evaluate(exp, "reference", root) and root / "x"
    )
    assert measure_and_redraw.experiments_command(Options, None) == 0
    out, err = capsys.readouterr()
    assert "x: redrawn from the reference records" in err
    assert re.search(r"^twice +ratio +1\.91 \[.*1\.91 \[.* yes$", out, re.M), out
    assert compare_claims.claims_command(Options, None) == 0
    assert "holds            1 host    twice: 1.91" in capsys.readouterr().out


def test_a_notebook_that_forgets_to_finish_is_refused(notebook):
    path = notebook / "experiments/01_test.py"
    path.write_text(path.read_text().replace("book.finish()", "pass"))
    with pytest.raises(LabError, match="01_test.py: must open one Book"):
        notebook_runner.evaluate("01", "verify", notebook)


def test_a_fault_in_a_cell_names_the_cell(notebook):
    path = notebook / "experiments/01_test.py"
    path.write_text(path.read_text().replace("book.finish()", "1 / 0"))
    with pytest.raises(LabError, match="01_test.py, cell 5: ZeroDivisionError"):
        notebook_runner.evaluate("01", "verify", notebook)


def test_a_kernel_runs_the_notebook_and_its_pair_has_no_times_in_it(notebook):
    text = (notebook / "experiments/01_test.py").read_text().replace("Path(__file__).parents[1]", "Path.cwd().parent")
    (notebook / "experiments/01_test.py").write_text(text)
    (notebook / "experiments/lab").symlink_to(config.Path(claim_book.__file__).parents[1])
    (notebook / "experiments/formats").symlink_to(config.Path(value_format.__file__).parent)
    (notebook / "experiments/__init__.py").touch()
    path = notebook_runner.execute("01", notebook)
    first = path.read_bytes()
    assert json.loads(first)["cells"][1]["execution_count"] == 1
    assert (notebook / "experiments/claims/01.json").exists()
    assert notebook_runner.execute("01", notebook).read_bytes() == first
    assert (
        Record(notebook / "experiments/records/01/fast.json").sha256
        in (notebook / "experiments/claims/01.json").read_text()
    )
