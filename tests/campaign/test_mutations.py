"""What a careless contributor or a bad merge does to the tree (mutations.toml) is found: exit status 1, a line that
names the file and what is wrong, no traceback. `make mutations` shows the table."""

from pathlib import Path

import pytest

from tests.campaign.mutations import ROOT, Done, Mutation, ask, copy_of_the_tree, load

MUTATIONS = load()
pytestmark = pytest.mark.timeout(1200)  # the copy's first check evaluates every claim, and others may be at work


@pytest.fixture(scope="module")
def tree(tmp_path_factory) -> Path:
    """A copy of the tree in which all is well."""
    root = copy_of_the_tree(tmp_path_factory.mktemp("tree"))
    answer = ask(root, "verify")
    assert answer.status == 0, answer.text
    return root


@pytest.mark.parametrize("mutation", [pytest.param(each, id=each.id) for each in MUTATIONS])
def test_a_mutation_is_found(tree, mutation, record_property):
    record_property("mutation", mutation.did)
    with Done(mutation, tree):
        answer = ask(tree, mutation.asks)
    fault = answer.fault(mutation)
    if fault and mutation.survives:
        record_property("said", f"{mutation.survives} ({fault})")
        pytest.xfail(mutation.survives)
    found = "found now, so take `survives` out of mutations.toml: " if mutation.survives else ""
    record_property("said", fault or f"{found}{answer.line_of(mutation)}")
    assert not fault, f"{mutation.did}: {fault}"


def test_each_still_changes_something_and_is_undone(tmp_path):
    """Quick, so that whoever changes a post sees here that a mutation wants another place."""
    edits = [edit for each in MUTATIONS for edit in each.edit]
    for name in {edit[key] for edit in edits for key in ("file", "take", "swap", "digest_of") if key in edit}:
        if (ROOT / name).is_file():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    before = contents(tmp_path)
    for mutation in MUTATIONS:
        with Done(mutation, tmp_path):
            assert contents(tmp_path) != before
        assert contents(tmp_path) == before, mutation.id


def contents(root: Path) -> dict[str, bytes]:
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def test_there_are_as_many_as_promised_and_no_two_alike():
    assert len({each.id for each in MUTATIONS}) == len(MUTATIONS) >= 40
    assert len({str(each.edit) for each in MUTATIONS}) == len(MUTATIONS)
    assert all(isinstance(each, Mutation) and each.asks in ("verify", "build", "links") for each in MUTATIONS)
