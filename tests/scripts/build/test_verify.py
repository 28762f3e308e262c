"""`make verify` and the ledger: one line a check, every check able to fail, and none that passes on nothing."""

import io
import json
import re
import signal
import subprocess
import sys

import jupytext
import pytest

from scripts.build import verify
from scripts.build.looked_at import LookedAt, Wrong
from scripts.catalog import ledger
from scripts.catalog.site_data import Evidence
from scripts.common.errors import SiteError
from scripts.pages import alt_texts, notebook_pairs
from tests.scripts.fixtures.small_site import SOURCES, Site, base_record, filed, rows

CELLS = "# %% [markdown]\n# A question\n\n# %%\nx = 1\n"


@pytest.fixture
def site(tmp_path, monkeypatch):
    made = Site(tmp_path)
    made.script = made.write("experiments/01_one_request.py", CELLS)
    jupytext.write(jupytext.read(made.script), made.root / "experiments/01_one_request.ipynb")
    monkeypatch.setattr(verify, "LAB", (sys.executable, "-c", "pass"))  # the lab's own evaluation has its own tests
    alt_texts.keep(["01/wait.svg"], tmp_path)
    return made


def run(site, **more):
    out = io.StringIO()
    status = verify.verify(site.root, out, **more)
    return status, out.getvalue()


def failed(site, name, *parts):
    status, text = run(site)
    assert status == 1
    lines = text.splitlines()
    at = next(index for index, line in enumerate(lines) if line.startswith(f"FAILED {name}"))
    for part in parts:
        assert part in "\n".join(lines[at:]), text
    return text


def test_everything_right_is_one_line_a_check_with_its_count(site):
    status, text = run(site)
    assert status == 0, text
    counts = [(line[7:22].strip(), int(line[23:28])) for line in text.splitlines()]
    assert counts[0][0] == "files" and counts[0][1] > 10
    assert counts[1:] == [
        ("records", 3),
        ("excerpts", 1),
        ("settings", 1),
        ("knobs", 1),
        ("symptoms", 1),
        ("call paths", 13),
        ("map", 3),
        ("replays", 1),
        ("reviews", 9),
        ("claims", 1),
        ("labels", 1),
        ("famous numbers", 1),
        ("notebook pairs", 1),
        ("figures", 1),
        ("typed numbers", 3),
        ("corrections", 1),
        ("dates", 4),
        ("ledger", 14),
        ("drift", 1),
    ]


LAB_SAYS = "import sys; print('1 claims are as written; 1 of 1 experiments unchanged since they were verified')"
OF_A_POST = [name for name in verify.CHECKS if name not in verify.OF_ALL_POSTS]
SHOWN = '{"output_type": "display_data", "metadata": {}, "data": {"image/svg+xml": "<svg/>"}}'
LAB_REPEATS = "import sys; sys.exit(' '.join(sys.argv[1:]) or 'no words')"


def test_it_says_how_many_experiments_were_not_evaluated_again(site, monkeypatch):
    monkeypatch.setattr(verify, "LAB", (sys.executable, "-c", LAB_SAYS))
    status, text = run(site)
    assert status == 0
    line = next(line for line in text.splitlines() if line.startswith("ok     claims "))
    assert line.endswith("their records again, 1 hold; 1 of 1 experiments unchanged since they were verified")


def test_all_and_a_post_reach_the_lab(site, monkeypatch):
    monkeypatch.setattr(verify, "LAB", (sys.executable, "-c", LAB_REPEATS))
    for more, words in (({}, "no words"), ({"again": True}, "--all"), ({"post": "01"}, "--exp 01")):
        status, text = run(site, **more)
        assert status == 1 and f"FAILED claims              1 problem\n       {words}\n" in text


def test_the_lab_does_not_outlive_the_checks(site):
    running = []

    def check(evidence):
        running.append(evidence.lab._process)
        raise Wrong(["nothing that the lab is waited for"])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(verify, "LAB", (sys.executable, "-c", "import time; time.sleep(60)"))
        assert verify.verify(site.root, io.StringIO(), {"claims": check}) == 1
    assert running[0].returncode == -signal.SIGTERM  # ended, not waited for


def test_one_post_is_looked_at_alone(site):
    """What is wrong with the other post is found by a run of all; that a post has no setting or record is no fault."""
    site.write("docs/posts/02-more.md", "It takes 3 ms, {{wait.nothing}}.\n")
    excerpt = "[[excerpt]]" + site.manifest.split("[[")[1].partition("]]")[2]
    assert 'id = "step"' in excerpt
    site.write("snippets/02-more.toml", re.sub("sha256:.{64}", "sha256:" + "0" * 64, excerpt))
    assert run(site)[0] == 1
    status, text = run(site, post="01")
    assert status == 0, text
    lines = text.splitlines()
    assert [line[7:22].strip() for line in lines[:-1]] == OF_A_POST
    assert lines[-1].endswith("of post 01 alone; knobs, symptoms, map, famous numbers, drift: make verify")
    status, text = run(site, post="02")
    assert status == 1
    for name in ("excerpts", "claims", "typed numbers", "corrections", "ledger"):
        assert f"FAILED {name}" in text
    assert re.search("ok     settings +0 ", text) and re.search("ok     records +0 ", text)


def test_of_another_experiment_one_post_reads_the_record_that_it_names(site):
    """A post may set a run of another experiment beside its own."""
    site.write("docs/posts/02-more.md", "A page.\n")
    looked_at = LookedAt(site.root, "02")
    name = f"{site.record.parent.name}/{site.record.stem}"
    assert looked_at.records == []
    assert looked_at.record(name).path == f"experiments/records/{name}.json"
    with pytest.raises(SiteError, match="record 01/none: there is no"):
        looked_at.record("01/none")


@pytest.mark.parametrize("name", OF_A_POST)
def test_each_fault_of_a_post_is_found_when_it_is_looked_at_alone(site, name):
    page, unseen = "docs/posts/01-one-request.md", [row for row in rows("vllm-gpu") if not row[0].endswith("Core.step")]
    faults = {
        "files": lambda: _replace(site, page, "## Corrections", "<<<<<<< ours\n## Corrections"),
        "excerpts": lambda: site.write("snippets/01-one-request.toml", re.sub("sha256:.", "sha256:g", site.manifest)),
        "settings": lambda: _replace(site, page, "/// settings", "/// excerpt"),
        "call paths": lambda: [file.unlink() for file in site.root.glob("experiments/records/01/path-vllm-cpu*")],
        "reviews": lambda: site.write("snippets/reviews.toml", '"01/note/step/two" = "yes"'),
        "replays": lambda: site.write("snippets/01-one-request.toml", site.manifest + "\n[[replay]]\nid = 3\n"),
        "records": lambda: site.record.write_text("{"),
        "claims": lambda: site.save_record("ttft", base_record("ttft") | {"wall_s": 8}),
        "notebook pairs": lambda: site.script.write_text(CELLS.replace("x = 1", "x = 2")),
        "figures": lambda: _replace(site, "experiments/01_one_request.ipynb", '"outputs": []', f'"outputs": [{SHOWN}]'),
        "labels": lambda: site.write("snippets/labels.toml", '[late]\na = "of no claim"\n'),
        "typed numbers": lambda: _replace(site, page, "## Corrections", "In 3 ms.\n\n## Corrections"),
        "dates": lambda: _replace(site, page, "None yet.", "- **2999-11-30.** It was said."),
        "corrections": lambda: _replace(site, page, "## Corrections", "## Wrong"),
        "ledger": lambda: site.save_recording("vllm-gpu", unseen),
    }
    faults[name]()
    status, text = run(site, post="01")
    assert status == 1 and f"FAILED {name}" in text, text


def _replace(site, name, old, new):
    path = site.root / name
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))


def test_a_number_that_no_post_has_is_one_line(site):
    with pytest.raises(SiteError, match="^POST=1: no post has that number; one of 01$"):
        run(site, post="1")


def test_an_empty_checkout_passes_nothing(site, tmp_path):
    (tmp_path / "empty/snippets").mkdir(parents=True)
    (tmp_path / "empty/snippets/pins.toml").write_text((site.root / "snippets/pins.toml").read_text())
    out = io.StringIO()
    assert verify.verify(tmp_path / "empty", out) == 1
    assert out.getvalue().count("found nothing to check") == len(verify.CHECKS) - 1  # there is a file of pins


def test_an_excerpt_that_differs_fails_and_the_rest_still_runs(site):
    text = site.manifest
    digest = text[text.index("sha256:") :][:71]
    site.write("snippets/01-one-request.toml", text.replace(digest, "sha256:" + "0" * 64))
    said = failed(site, "excerpts", "step", "digest", "make pin")
    assert "ok     call paths" in said
    assert "FAILED ledger" in said


def test_an_excerpt_used_nowhere_fails(site):
    page = site.root / "docs/posts/01-one-request.md"
    page.write_text(page.read_text().replace("/// excerpt | step\n///", ""))
    failed(site, "excerpts", "used on no page")


def test_a_damaged_recording_fails(site):
    site.save_recording("vllm-gpu", [row for row in rows("vllm-gpu") if not row[0].endswith("Core.step")])
    failed(site, "call paths", "hop 'step'", "not entered")


def test_a_configuration_that_was_not_recorded_fails(site):
    for file in (site.root / "experiments/records/01").glob("path-vllm-cpu*"):
        file.unlink()
    failed(site, "call paths", "no recording for vllm-cpu", "python -m experiments.lab record")


def test_a_bad_record_fails(site):
    site.record.write_text("{")
    failed(site, "records", "ttft.json")


def test_a_further_host_s_record_that_was_edited_fails(site):
    path = filed(site)
    status, text = run(site, post="01")
    assert status == 0 and "those of 1 further hosts are as filed" in text
    path.write_text(path.read_text() + " ")
    failed(site, "records", "ttft.json: was edited or cut since it was filed")
    assert run(site, post="01")[0] == 1


def test_a_further_host_of_another_release_fails(site):
    filed(site, engine={**base_record("ttft")["engine"], "version": "0.33.0"})
    failed(site, "records", "measured on vllm 0.33.0, the pages quote 0.32.0")


def test_a_claim_on_another_record_fails(site):
    """Of a record that was measured again the claim is evaluated again."""
    site.save_record("ttft", base_record("ttft") | {"wall_s": 8})
    status, text = run(site)
    assert status == 1 and text.count("claim wait was evaluated on another") == 1 and "evaluate it again" in text
    assert "FAILED claims              1 told above" in text


EDITS = {
    "a sample": ("2.5", "2.6"),
    "a host": ("A processor", "Another processor"),
    "its layout": (": ", ":"),
    "its end": (', "samples"', ""),
}


@pytest.mark.parametrize("old, new", EDITS.values(), ids=EDITS)
def test_an_edited_record_is_to_be_restored_and_never_evaluated_again(site, old, new):
    file = "experiments/records/01/ttft.json"
    _replace(site, file, old, new)
    said = f"{file}: was edited or cut since it was measured; restore it: git checkout -- {file}"
    text = failed(site, "records", said)
    assert text.count("ttft.json: was edited") == 1 and "again:" not in text and "measure it again" not in text
    assert "FAILED claims              1 told above, under records" in text


def test_so_is_one_that_no_claim_rests_on_and_one_whose_claims_were_made_to_fit(site):
    columns = site.root / "experiments/records/01/path-vllm-gpu.entries.json.gz"
    columns.write_bytes(columns.read_bytes()[:-1] + b"\x01")
    failed(site, "records", "path-vllm-gpu.entries.json.gz: was edited or cut since it was measured; restore it")
    site = type(site)(site.root / "other")
    _replace(site, "experiments/records/01/ttft.json", "2.5", "2.6")
    rests = {"path": "experiments/records/01/ttft.json", "sha256": site.digest(site.record)}
    site.save_claims([site.changed_claim(records=[rests])])
    failed(site, "records", "ttft.json: was edited or cut since it was measured; restore it")


def test_a_figure_that_was_replaced_edited_or_left_out_is_named(site):
    figure, name = site.root / "experiments/figures/01/wait.svg", "experiments/figures/01/wait.svg"
    figure.write_text(figure.read_text().replace("90", "91"))
    failed(site, "figures", f"{name}: is not as its notebook drew it; restore it: git checkout -- {name}")
    figure.rename(figure.with_name("Wait.svg"))
    text = failed(site, "figures", f"{name}: is missing; restore it", "Wait.svg: no notebook drew it")
    assert text.count("Wait.svg") == 1


def test_a_record_under_another_name_is_found(site):
    folder = site.record.parent
    site.write("experiments/records/01/late.json", site.record.read_text())
    said = "experiments/records/01/late.json: is in no list, so the lab did not put it here; remove it"
    failed(site, "records", said)
    (folder / "late.json").unlink()
    site.record.rename(folder / "late.json")
    text = failed(site, "records", "late.json: is experiments/records/01/ttft.json under another name")
    assert text.count("under another name") == 1 and "ttft.json: is missing" not in text


def test_a_fault_of_ours_in_one_check_is_one_line_and_the_others_go_on(site):
    def broken(evidence):
        raise KeyError("no such\nthing")

    out = io.StringIO()
    assert verify.verify(site.root, out, {"one": broken, "two": lambda evidence: (1, "things")}) == 1
    lines = out.getvalue().splitlines()
    assert lines[1].startswith("       one: could not be checked: KeyError: 'no such")
    assert lines[-1].startswith("ok     two") and "Traceback" not in out.getvalue()


MARKERS = "<<<<<<< ours\n{}\n||||||| base\n=======\n>>>>>>> theirs\n"


@pytest.mark.parametrize(
    "name",
    [
        "docs/posts/01-one-request.md", "snippets/01-one-request.toml", "snippets/pins.toml",
        "experiments/claims/01.json", "experiments/records/01/ttft.json", "experiments/01_one_request.ipynb",
        "experiments/01_one_request.py", "experiments/records/index.json",
    ],
)  # fmt: skip
def test_merge_markers_are_named_once_as_such_wherever_they_are(site, name):
    path = site.root / name
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join([*lines[:1], "\n" * (len(lines) == 1), MARKERS.format("".join(lines[1:]))]))
    text = failed(site, "files", f"{name}:2: merge marker '<<<<<<< ours' (4 of them in the file): a merge was not")
    assert "Traceback" not in text and text.count("merge marker") == 1


def test_a_claim_that_the_lab_finds_changed_fails(site, monkeypatch):
    code = "import sys; sys.exit('claim wait: the records give 60%, claims/01.json says 61%')"
    monkeypatch.setattr(verify, "LAB", (sys.executable, "-c", code))
    failed(site, "claims", "the records give 60%")
    monkeypatch.setattr(verify, "LAB", (sys.executable, "-c", "raise SystemError('boom')"))
    text = failed(site, "claims", "boom")
    assert "Traceback" not in text


def test_a_dead_reference_hides_no_claim_that_the_lab_finds_changed(site, monkeypatch):
    said = "experiments/claims/01.json: claim wait: share is 3 % now"
    command = (sys.executable, "-c", f"import sys; print({said!r}, file=sys.stderr); sys.exit(1)")
    monkeypatch.setattr(verify, "LAB", command)
    site.write("docs/posts/02-more.md", "It is {{wait.nothing}}.\n")
    failed(site, "claims", "docs/posts/02-more.md:1", said)


def test_a_reference_to_nothing_fails(site):
    site.write("docs/posts/02-more.md", "It is {{wait.nothing}}.\n")
    failed(site, "claims", "docs/posts/02-more.md:1", "no value 'nothing'")


def test_a_claim_that_pages_take_values_of_and_show_nowhere_fails(site):
    site.write("docs/posts/02-more.md", "It waits {{lone.share}}.\n")
    site.save_claims([site.claim, site.claim | {"id": "lone"}])
    failed(site, "claims", "takes a value of claim 'lone', whose card is on no page; put '/// claim | lone'")


def test_a_typed_number_fails(site):
    site.write("docs/posts/02-more.md", "It takes 3 ms.\n")
    failed(site, "typed numbers", "docs/posts/02-more.md:1")


def test_a_pair_that_differs_fails_and_names_the_cell(site):
    site.script.write_text(CELLS.replace("x = 1", "x = 2"))
    failed(site, "notebook pairs", "01_one_request.ipynb: cell 2", "jupytext --sync")
    site.script.write_text(CELLS + "\n# %%\ny = 1\n")
    failed(site, "notebook pairs", "has 2 cells")
    site.script.unlink()
    failed(site, "notebook pairs", "01_one_request.py: missing")


def test_outputs_are_no_difference(site):
    notebook = site.root / "experiments/01_one_request.ipynb"
    data = json.loads(notebook.read_text())
    data["cells"][1] |= {
        "execution_count": 3,
        "outputs": [{"output_type": "stream", "name": "stdout", "text": "hello"}],
    }
    notebook.write_text(json.dumps(data))
    notebook_pairs.check(site.script, notebook)
    notebook.write_text("{")
    with pytest.raises(SiteError, match="cannot be read"):
        notebook_pairs.check(site.script, notebook)


def test_the_ledger_is_written_whole_and_fits_its_schema(site):
    target = site.root / "site/data/ledger.json"
    ledger.write_json(Evidence(site.root), target)
    made = json.loads(target.read_text())
    once = dict.fromkeys(("excerpt", "setting", "claim", "exemption"), 1)
    assert made["counts"] == once | {"hop": 8, "replay": 0, "quoted": 2}
    states = {entry["id"]: entry["state"] for entry in made["entries"]}
    assert states["01/step"] == "equals the release" and states["chat/step"] == "recorded" and states["wait"] == "holds"
    used = {entry["id"]: entry["used"] for entry in made["entries"]}
    assert used["chat/answer"] == ["posts/01-one-request/#path-chat-answer"]
    assert used["wait"] == ["posts/01-one-request/#claim-wait", "posts/01-one-request/"]
    assert list(target.parent.iterdir()) == [target]


def test_the_ledger_shows_what_is_wrong_with_a_hop(site):
    site.save_recording("vllm-gpu", [row for row in rows("vllm-gpu") if not row[0].endswith("Core.step")])
    found = {entry["id"]: entry for entry in ledger.entries(Evidence(site.root))}
    assert found["chat/step"]["state"] == "not seen" and "not entered" in found["chat/step"]["detail"]
    assert found["chat/send"]["state"] == "recorded"
    assert len(ledger.problems(list(found.values()))) == 1


def test_an_unknown_state_does_not_fit_the_schema(site, monkeypatch):
    monkeypatch.setattr(ledger, "entries", lambda evidence: [ledger._entry("hop", "a", "a", "perhaps", "", "x", [])])
    with pytest.raises(SiteError, match="ledger.json: entries/0/state"):
        ledger.document(Evidence(site.root))


def test_as_a_command_it_ends_with_status_1():
    code = (
        "from scripts.build import verify\nfrom scripts.common.errors import run_cli\n"
        "run_cli(lambda: verify.verify(checks={'x': lambda e: (0, '')}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 1 and "x: found nothing to check" in done.stdout


def test_the_small_site_is_python(site):
    for text in SOURCES.values():
        compile(text, "x", "exec")
