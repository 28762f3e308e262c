"""A replay's state in words: each label with what stands below it, once."""

from selectolax.lexbor import LexborHTMLParser

from scripts.catalog import site_data
from scripts.common.paths import ROOT
from scripts.quotes import manifest, replays
from scripts.render.blocks.replay_frames import Frames
from scripts.render.blocks.replay_words import words


def lines(frame):
    return [node.text() for node in LexborHTMLParser(words(frame)).css("p.rp-state")]


def test_a_label_its_items_and_what_a_list_in_an_item_holds():
    frame = (
        '<p class="rp-label">Budget: <b>3</b> of 8<span class="rp-sr">: r1 3</span></p>'
        '<ul class="rp-bar"><li title="r1: 3">r1 3</li></ul>'
        '<p class="rp-label">Computed</p><ul class="rp-rows"><li><span>r1</span> decode, 3 of 4'
        '<ol aria-label="block table"><li>7</li><li>9</li></ol></li><li>r2 waits</li></ul>'
        '<p class="rp-label">Free, <b>0</b></p><ol class="rp-pool"><li title="block 7: r1">7</li></ol>'
    )
    assert lines(frame) == ["Budget: 3 of 8: r1 3", "Computed: r1 decode, 3 of 4 block table 7 9; r2 waits", "Free, 0"]


def test_a_tree_is_said_node_by_node():
    frame = (
        '<p class="rp-label">Tree</p><ul><li><div class="rp-node"><b>root</b></div><ul><li><div class="rp-node">'
        "<b>1</b> <i>a b</i></div></li></ul></li></ul>"
    )
    assert lines(frame) == ["Tree: root; 1 a b"]


def test_every_request_of_every_marked_moment_is_named():
    evidence = site_data.of(ROOT)
    told = 0
    for stem in ("02-scheduler-loop", "03-block-manager", "04-radix-cache"):
        for replay in replays.parse(manifest.load(stem, ROOT)).values():
            data = evidence.record(replay.record).data["extra"]["replay"]
            frames = Frames(data)
            for mark in replay.marks:
                said = " ".join(lines(frames.frame(mark.step)))
                assert len(said) > 100 and "<" not in said, (replay.id, mark.id)
                assert data["kind"] == "tree" or all(name in said for name in data["requests"]), (replay.id, said)
                told += 1
    assert told >= 12
