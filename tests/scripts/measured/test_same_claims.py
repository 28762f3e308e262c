"""What a claim came to is compared with a commit; how it was evaluated may change."""

import json
import subprocess

import pytest

from scripts.common.errors import SiteError
from scripts.measured import same_claims


@pytest.fixture
def repository(tmp_path):
    claim = {"id": "wait", "values": {"share": {"value": 61.2, "unit": "%"}}, "holds": True, "code": "a"}
    for folder in ("experiments/claims", "experiments/figures/01"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "experiments/figures/01/x.svg").write_text("<svg/>")
    file = tmp_path / "experiments/claims/01.json"
    file.write_text(json.dumps({"schema": "claims/1", "experiment": "01", "claims": [claim]}))
    for words in (["init", "-q"], ["add", "."], ["-c", "user.name=x", "-c", "user.email=x@x", "commit", "-qm", "x"]):
        subprocess.run(["git", "-C", str(tmp_path), *words], check=True)
    return tmp_path


def changed(root, **fields):
    file = root / "experiments/claims/01.json"
    data = json.loads(file.read_text())
    data["claims"][0] |= fields
    file.write_text(json.dumps(data))


def test_words_and_code_may_change(repository):
    changed(repository, code="b", holds_if="it lies above 50%", predicate={"test": {}})
    assert same_claims.differences(repository, "HEAD") == []


@pytest.mark.parametrize("fields", [{"holds": False}, {"values": {"share": {"value": 61.20000001, "unit": "%"}}}])
def test_what_it_came_to_may_not(repository, fields):
    changed(repository, **fields)
    assert same_claims.differences(repository, "HEAD") == ["experiments/claims/01.json: claim wait differs"]


def test_a_figure_that_differs_or_is_gone_is_named(repository):
    figure = repository / "experiments/figures/01/x.svg"
    figure.write_text("<svg />")
    assert same_claims.differences(repository, "HEAD") == ["experiments/figures/01/x.svg: differs"]
    figure.unlink()
    assert same_claims.differences(repository, "HEAD") == ["experiments/figures/01/x.svg: is gone"]


def test_an_unknown_commit_is_a_line(repository):
    with pytest.raises(SiteError, match="name a commit that is here"):
        same_claims.differences(repository, "nowhere")
