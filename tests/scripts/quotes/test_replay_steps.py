"""Shapes of replays: whatever a record lacks or has wrong is one line, and nothing that cannot be drawn is let in."""

import dataclasses

import pytest

from scripts.catalog.site_data import Evidence
from scripts.common.errors import SiteError
from scripts.quotes import replays
from scripts.quotes.excerpts import Resolver
from scripts.render.blocks import replay
from tests.scripts.fixtures.small_replays import add, data
from tests.scripts.fixtures.small_site import Site

REMOVED = object()


@pytest.fixture
def site(tmp_path):
    return Site(tmp_path)


class Checker:
    """Checks and draws the site's replay, on its record or another."""

    def __init__(self, site, kind):
        add(site, kind)
        proof = Evidence(site.root)
        [(self.manifest, self.replay)] = replays.load_all(site.root)
        self.record, self.resolver = proof.record("01/replay-few"), Resolver(proof.sources, site.root)

    def draw(self, made) -> str:
        record = dataclasses.replace(self.record, data=self.record.data | {"extra": {"replay": made}})
        return replay.Told(replays.check(self.replay, self.manifest, record, self.resolver)).document()


def put(made, way, value):
    """Puts a value into a replay; REMOVED takes it out."""
    for key in way[:-1]:
        made = made[key]
    if value is REMOVED:
        del made[way[-1]]
    else:
        made[way[-1]] = value


def places(value, way=()):
    """The way to everything inside a replay."""
    for key in list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ():
        yield (*way, key)
        yield from places(value[key], (*way, key))


@pytest.mark.parametrize(
    ("kind", "place", "value", "said"),
    [
        ("tree", ("nodes", 2, "parent"), 7, "step 1: node 2 hangs in no tree"),
        ("tree", ("nodes", 1, "parent"), 2, "step 1: node 1 hangs in no tree"),
        ("tree", ("nodes", 2, "id"), 1, "step 1: two nodes are called 1"),
        ("tree", ("nodes", 2, "label"), None, "step 1: its state, of the kind tree, 'nodes' [2] 'label' is None"),
        ("scheduler", ("running", 0), "r1", "'running' [0] is 'r1', not a table"),
        ("scheduler", ("budget", "given", "r1"), True, "'budget' 'given' 'r1' is True, not a whole number"),
        ("scheduler", ("waiting", 0), "r9", "step 1: request 'r9' is not among the replay's requests"),
        ("blocks", ("tables", "r1", 0), 9, "step 1: block 9 is not among its blocks"),
        ("blocks", ("blocks", "1", "hash"), 7, "'blocks' '1' 'hash' is 7, not text or null"),
    ],
)
def test_a_state_that_cannot_be_drawn_is_refused(site, kind, place, value, said):
    made = data(kind)
    put(made, ("steps", 1, "state", *place), value)
    with pytest.raises(SiteError) as caught:
        Checker(site, kind).draw(made)
    assert said in str(caught.value)


@pytest.mark.parametrize("kind", ["scheduler", "blocks", "tree"])
def test_whatever_a_replay_lacks_or_has_wrong_is_said_in_one_line(site, kind):
    checker, refused = Checker(site, kind), 0
    checker.draw(data(kind))
    for way in list(places(data(kind))):
        for wrong in (REMOVED, None, "text", ["a"], {"a": 1}):
            made = data(kind)
            put(made, way, wrong)
            try:
                checker.draw(made)
            except SiteError as error:
                assert "\n" not in str(error) and "replay 'few'" in str(error), (way, wrong)
                refused += 1
    assert refused > 100
