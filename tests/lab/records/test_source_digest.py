"""The digest of an experiment covers the code that makes its samples, neither less nor more."""

import shutil
from pathlib import Path

import pytest

from experiments.lab.errors import LabError
from experiments.lab.records import source_digest

EVERY = {"01", "02", "03", "04", "05", "06", "07"}


@pytest.fixture
def lab(tmp_path) -> Path:
    """A copy of the lab, to change."""
    copy = tmp_path / "experiments/lab"
    shutil.copytree(source_digest.LAB, copy, ignore=shutil.ignore_patterns("__pycache__"))
    return copy


def digests(lab: Path, recording: bool = False) -> dict:
    return {number: source_digest.digest_of(lab, number, recording) for number in source_digest.experiments(lab)}


def changed(lab: Path, name: str, recording: bool = False) -> set:
    """The experiments whose digest a comment in that file changes; every file that is given is in the lab."""
    before = digests(lab, recording)
    path = lab / name
    assert path.is_file(), f"{name} has moved: say here where"
    text = path.read_text()
    path.write_text(text + "\n# changed\n")
    after = digests(lab, recording)
    path.write_text(text)
    return {number for number, digest in before.items() if after[number] != digest}


def naming(lab: Path, word: str, *folders: str) -> set:
    """The experiments of which a source in these folders holds the word: what the digest is checked against."""
    return {number for number in source_digest.experiments(lab) for name in source_digest.sources(lab, number)
            if name.startswith(folders) and word in (lab / name).read_text()}


def test_a_worker_counts_for_the_experiment_that_names_it_and_for_no_other(lab):
    assert digests(lab).keys() == EVERY
    for worker, experiment in {  # some are named as f"{name}_grammar.py"
        "sglang_grammar": "07", "vllm_grammar": "07", "schemas": "07", "jump_calls": "07",
        "vllm_cost": "04", "sglang_cost": "04", "vllm_pool_cost": "03", "vllm_sched_cost": "02",
        "vllm_cache": "05", "vllm_budget": "06", "vllm_core": "01", "sglang_loop": "02",
    }.items():  # fmt: skip
        assert changed(lab, f"workers/{worker}.py") == {experiment}, worker
    assert changed(lab, "workers/vllm_loop.py") == {"02", "03"}, "a pool and a watermark are changed for 03"


@pytest.mark.parametrize(("module", "experiments"), [
    ("worker_kit/streams", {"04"}), ("worker_kit/grammar_walk", {"07"}),
    ("worker_kit/loop_requests", {"01", "02", "03"}),
    ("worker_kit/contiguous_cache", {"03"}), ("worker_kit/ran_lines", {"02", "03", "04"}),
    ("worker_kit/timing", {"04"}),
    ("headless/sglang_state", {"01", "02", "04"}),
    ("headless/sglang_stand_ins", {"01", "02", "04", "07"}),
])  # fmt: skip
def test_what_workers_share_counts_where_a_worker_imports_it(lab, module, experiments):
    assert changed(lab, f"workers/{module}.py") == experiments


def test_a_worker_that_imports_another_is_made_of_both(lab):
    text = (lab / "workers/vllm_budget.py").read_text()
    (lab / "workers/vllm_budget.py").write_text(text.replace("import ", "import vllm_cache\nimport ", 1))
    assert changed(lab, "workers/vllm_cache.py") == {"05", "06"}


def test_what_experiments_share_counts_for_each_that_uses_it(lab):
    """Before, a percentile of experiment 06 made samples of 02, 04 and 07 and counted for 06 alone."""
    users = naming(lab, "load.statistics import", "suites/")
    assert {"02", "04", "05", "06", "07"} <= users
    assert changed(lab, "load/statistics.py") == users
    bench = naming(lab, "load.vllm_bench import", "suites/")
    assert changed(lab, "load/vllm_bench.py") == changed(lab, "workers/bench_serve.py") == bench
    assert changed(lab, "load/token_id_client.py") == {"04"}


def test_an_import_of_another_experiment_is_followed(lab):
    (lab / "suites/exp03_block_manager/visits.py").open("a").write(
        "\n\ndef borrowed():\n    from experiments.lab.suites.exp06_chunked_prefill import cpu\n    return cpu\n"
    )
    assert changed(lab, "suites/exp06_chunked_prefill/cpu.py") == {"03", "06"}
    assert changed(lab, "suites/exp05_prefix_cache_hit/cpu.py") == {"05"}


def test_a_module_that_is_imported_by_its_name_counts(lab):
    (lab / "servers/vllm_words.py").write_text("WORDS = 1\n")
    (lab / "suites/exp05_prefix_cache_hit/visits.py").open("a").write(
        '\n\ndef words(engine):\n    return importlib.import_module(f"experiments.lab.servers.{engine}_words")\n'
    )
    assert changed(lab, "servers/vllm_words.py") == {"05"}


def test_what_makes_every_record_counts_for_all(lab):
    for name in ("records/record_file.py", "servers/server.py", "host/card_rates.py", "workers/card.py",
                 "schema/record.schema.json", "host/host_info.py"):  # fmt: skip
        assert changed(lab, name) == EVERY, name


@pytest.mark.parametrize("name", [
    "analysis/intervals.py", "analysis/claim_book.py", "__main__.py", "host/progress.py", "errors.py",
    "records/import_records.py", "records/fleet_records.py", "records/record_swap.py", "records/digest_history.py",
    "records/git_commit.py",
])  # fmt: skip
def test_what_says_how_it_goes_or_comes_after_counts_for_none(lab, name):
    assert changed(lab, name) == set()
    if not name.startswith("records/fleet"):
        assert changed(lab, name, recording=True) == set()


def test_the_injection_counts_where_a_server_gets_it(lab):
    injected = naming(lab, "inject=", "suites/")
    for name in ("inject/path/sitecustomize.py", "inject/agent.py", "inject/stages/timers.py"):
        assert changed(lab, name) == injected == {"01"}, name
        assert changed(lab, name, recording=True) == EVERY, name


def test_a_recording_is_made_by_its_own_code_and_no_suite(lab):
    (lab / "suites/exp05_prefix_cache_hit/scenario.py").write_text("SCENARIO = 5\n")
    (lab / "callpaths/recording.py").open("a").write(
        "\nfrom experiments.lab.suites.exp05_prefix_cache_hit import scenario\n"
    )
    assert changed(lab, "callpaths/recording.py", recording=True) == EVERY
    assert changed(lab, "callpaths/recording.py") == set()
    assert changed(lab, "suites/exp05_prefix_cache_hit/visits.py", recording=True) == set()
    assert changed(lab, "suites/exp05_prefix_cache_hit/scenario.py", recording=True) == {"05"}
    assert changed(lab, "suites/exp05_prefix_cache_hit/scenario.py") == set()


def test_every_worker_counts_for_somebody(lab):
    covered = {name for number in EVERY for name in source_digest.sources(lab, number) if name.startswith("workers/")}
    there = {path.relative_to(lab).as_posix() for path in lab.glob("workers/**/*.py")}
    # What plays a reader's own requests makes no record.
    play = {"workers/vllm_play.py", "workers/sglang_play.py", "workers/worker_kit/play_end.py"}
    assert there - covered == {"workers/__init__.py", *play}


def test_what_is_only_for_type_checkers_is_not_followed(lab):
    (lab / "load/shapes.py").write_text("Shape = int\n")
    (lab / "load/statistics.py").open("a").write(
        "\nif TYPE_CHECKING:\n    from experiments.lab.load.shapes import Shape\n"
    )
    sources = source_digest.sources(lab, "01")
    assert "load/statistics.py" in sources and "load/shapes.py" not in sources


def test_a_source_that_is_no_python_is_a_line(lab):
    (lab / "suites/exp05_prefix_cache_hit/visits.py").write_text("def (")
    with pytest.raises(LabError, match=r"experiments/lab/suites/exp05_.*/visits.py: cannot be read as Python"):
        source_digest.digest_of(lab, "05")
