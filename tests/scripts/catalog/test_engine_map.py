"""snippets/map.toml: what it holds, and every mistake in one line."""

import pytest

from scripts.catalog import engine_map
from tests.scripts.fixtures.small_site import MAP, Site, one_line

BOX = "snippets/map.toml: box 'step': "


@pytest.fixture
def site(tmp_path):
    return Site(tmp_path)


def changed(site, old: str, new: str) -> None:
    assert old in MAP
    site.write(engine_map.FILE, MAP.replace(old, new, 1))


def test_boxes_lanes_and_arrows_belong_to_their_engine(site):
    (drawn,) = engine_map.load(site.root).values()
    assert [lane.id for lane in drawn.lanes] == ["api-server", "engine-core", "gpu"]
    assert [(box.id, box.lane, box.anchor) for box in drawn.boxes] == [
        ("send", "api-server", "box-send"),
        ("step", "engine-core", "box-step"),
        ("forward", "gpu", "box-forward"),
    ]
    assert [(arrow.start, arrow.end, arrow.back) for arrow in drawn.arrows][-1] == ("forward", "step", True)


def test_a_site_without_a_map_has_none(site):
    (site.root / engine_map.FILE).unlink()
    assert engine_map.load(site.root) == {}


def test_boxes_of_a_post(site):
    maps = engine_map.load(site.root)
    assert engine_map.boxes_of(maps, "01-one-request") == {"send", "step", "forward"}
    assert engine_map.boxes_of(maps, "02-other") == set()


@pytest.mark.parametrize(
    ("old", "new", "parts"),
    [
        ('kind = "queue"', 'kind = "tube"', (BOX + "kind 'tube' is not known", "step, queue, pool, gpu")),
        ('process = "engine-core"', 'process = "worker"', (BOX + "process 'worker'", "api-server, engine-core")),
        ('engine = "vllm"\nprocess', 'engine = "other"\nprocess', ("box 'send': engine 'other'", "vllm")),
        ("at = [2, 1]", "at = [2, 0]", ("box 'forward': at is not [column, row]", "[2, 0]")),
        ("at = [2, 1]", "at = [2]", ("box 'forward'", "[column, row]")),
        ('configuration = "vllm-gpu"', 'configuration = "sglang-gpu"', ("engine 'vllm'", "configuration", "vllm-gpu")),
        ('id = "engine-core"', 'id = "detokenizer"', ("lane 'detokenizer'", "process", "api-server")),
        ('to = "step"', 'to = "sleep"', ("arrow 'send' to 'sleep'", "box 'sleep' is not known")),
        ('id = "step"', 'id = "send"', ("box 'send'", "two")),
        ('label = "One step"', 'lable = "One step"', (BOX + "unknown key 'lable'",)),
        ("[[arrow]]", "[[line]]", ("'line' is nothing that it holds", "[[arrow]]")),
        ('kind = "queue"', 'kind = "gpu"\n', ()),
    ],
)
def test_what_cannot_be_drawn_is_one_line(site, old, new, parts):
    changed(site, old, new)
    if parts:
        one_line(lambda: engine_map.load(site.root), "snippets/map.toml", *parts)
    else:
        assert engine_map.load(site.root)


def test_two_boxes_in_one_place_are_refused(site):
    changed(site, 'kind = "gpu"', 'kind = "step"')
    site.write(engine_map.FILE, (site.root / engine_map.FILE).read_text("utf-8").replace("at = [2, 1]", "at = [1, 1]"))
    one_line(lambda: engine_map.load(site.root), "box 'forward'", "stands where 'step' does", "[1, 1]")
