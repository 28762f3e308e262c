"""The CPU tier measured again on this machine: what it counts and the claims' verdicts must be the committed ones."""

import json
import subprocess

import pytest

from experiments.lab.analysis import notebook_runner
from experiments.lab.callpaths import recorder
from experiments.lab.evaluation import compare_claims
from experiments.lab.fleets import suite_runner
from experiments.lab.host import config, model_folders
from experiments.lab.records import record_file

# These claims say what is cheap and what is dear on a CPU, so their verdicts hold on any; their values need not.

LIMIT_S = 2400  # experiment 07 alone takes ten minutes and more: its intervals need every round of the committed record


def remeasured(experiment, tier, out, monkeypatch):
    """{id: claim} evaluated on the records below `out`, and the committed claims of that tier."""
    if not (config.ROOT / "experiments/claims").is_dir():
        pytest.skip("no claims are committed yet")
    monkeypatch.setenv("LAB_LOCAL", str(out))
    here = {claim["id"]: claim for claim in notebook_runner.evaluate(experiment, "local").claims}
    committed = [claim for claim in compare_claims.reference_claims(experiment) if claim["tier"] == tier]
    return here, committed


def agree(here, committed):
    assert committed, "no claim of this tier is committed: nothing was re-measured"
    for claim in committed:
        assert claim["id"] in here, f"{claim['id']}: not evaluated; which record does it lack?"
        assert here[claim["id"]]["holds"] == claim["holds"], compare_claims.filled(here[claim["id"]])


@pytest.mark.engine
def test_both_models_name_their_class(engine_python):
    """SGLang dies at start on a configuration without it; vLLM does not mind."""
    found = config.load()
    classes = {
        name: json.loads((model_folders.folder(name, found) / "config.json").read_text()).get("architectures")
        for name in model_folders.NAMES if name not in model_folders.DERIVED
    }
    shape = ["Qwen3ForCausalLM"]
    assert classes == {"smollm2-135m": ["LlamaForCausalLM"], "qwen3-8b-shape": shape, "qwen3-8b-vocab": shape}


@pytest.mark.engine
def test_the_vocabulary_is_qwens(engine_python):
    """Experiment 07's masks are as dear as the vocabulary is large: all of it has to be there, and cut as Qwen's is."""
    code = ("import json, sys; from transformers import AutoTokenizer as A; t = A.from_pretrained(sys.argv[1]); "
            "said = t.decode(t.encode('naïve 日本\\n x')); "
            "print(json.dumps([len(t), t.eos_token_id, t.encode('Hello world'), said]))")
    path = str(model_folders.folder("qwen3-8b-vocab", config.load()))
    done = subprocess.run([engine_python, "-c", code, path], capture_output=True, text=True, timeout=240, check=True)
    assert json.loads(done.stdout) == [151646, 151645, [9707, 1879], "naïve 日本\n x"]


def without_server(experiment):
    return [fleet for fleet in suite_runner.fleets(experiment, "cpu") if not fleet.servers]


@pytest.fixture(scope="module", params=suite_runner.experiments())
def counted(engine_python, tmp_path_factory, request):
    """(experiment, the folder above `records` with every measurement of it that needs no server).

    One experiment at a time, so that each has the time limit for itself.
    """
    out, found = tmp_path_factory.mktemp(f"counted-{request.param}"), config.load()
    suite = without_server(request.param)
    assert suite_runner.measure(request.param, "cpu", found, out / "records", suite=suite) == []
    return request.param, out


def counts(folder, experiment, name):
    """What a record says that another machine must count as well."""
    record = record_file.Record(folder / experiment / f"{name}.json").data
    return {key: record.get(key) for key in ("workload", "samples", "extra", "columns")}


@pytest.mark.engine
@pytest.mark.timeout(LIMIT_S)
def test_counts_that_need_no_server(counted):
    experiment, counted = counted
    for name in (name for fleet in without_server(experiment) if not fleet.timed for name in fleet.produces):
        here, reference = (
            counts(folder, experiment, name) for folder in (counted / "records", config.ROOT / config.REFERENCE)
        )
        for key, value in reference.items():
            assert here[key] == value, f"{experiment}/{name}: {key} differ from the reference: what is counted changed"


@pytest.mark.engine
@pytest.mark.timeout(LIMIT_S)
def test_claims_that_need_no_server(counted, monkeypatch):
    experiment, counted = counted
    agree(*remeasured(experiment, "cpu", counted, monkeypatch))


def with_server():
    """The experiments that claim something of vLLM's server on the CPU."""
    return [each for each in suite_runner.experiments()
            if any(claim["tier"] == "cpu-server" for claim in compare_claims.reference_claims(each))]


@pytest.mark.server
@pytest.mark.timeout(900)
@pytest.mark.parametrize("experiment", with_server())
def test_claims_that_need_the_server_and_the_recording(engine_python, tmp_path, monkeypatch, experiment):
    found = config.load()
    recorder.record("vllm-cpu", found, tmp_path / "records", experiment)
    assert suite_runner.measure(experiment, "cpu", found, tmp_path / "records") == []
    agree(*remeasured(experiment, "cpu-server", tmp_path, monkeypatch))
