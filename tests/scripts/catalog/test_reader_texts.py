"""What only a reader can judge, and what a digest of it stands for."""

import json

import pytest

from scripts.catalog import reader_texts
from scripts.catalog.site_data import Evidence
from scripts.common.paths import ROOT
from tests.scripts.fixtures import small_replays, small_runs
from tests.scripts.fixtures.small_site import ARTIFACT, CORE, FRONT, SOURCES, Site, sha

MANIFEST = "snippets/01-one-request.toml"
STEP = '[[excerpt]]\nid = "{id}"\nengine = "vllm"\npath = "vllm/core.py"\nsymbol = "{symbol}"\n'
NOTE = '[[excerpt.note]]\nid = "one"\nat = "{at}"\ntext = "It goes on."\n'


@pytest.fixture
def site(tmp_path):
    return Site(tmp_path)


def source(site, text):
    """Another text of the engine's file, as if the release had it."""
    folder = f".cache/sources/{ARTIFACT[:16]}"
    site.write(f"{folder}/{CORE}", text)
    files = {CORE: sha(text.encode()), FRONT: sha(SOURCES[FRONT].encode())}
    site.write(f"{folder}/files.json", json.dumps(files))


def texts(site):
    return {text.id: text for text in reader_texts.of(Evidence(site.root))}


def digests(site, manifest, name="01/note/step/one"):
    site.write(MANIFEST, manifest)
    return texts(site)[name].digests


def test_every_note_hop_and_words_of_a_replay_has_its_lines(site):
    small_replays.add(site)
    found = texts(site)
    kinds = [name.split("/")[1] for name in found]
    assert (kinds.count("note"), kinds.count("hop"), kinds.count("event"), kinds.count("mark")) == (1, 8, 2, 2)
    assert all(text.lines and text.post == "01" for text in found.values())
    note = found["01/note/step/one"]
    assert note.lines.at == f"{CORE}:7" and note.lines.link.endswith("#L7")
    assert note.lines.shown == ("     6 def step(self):", ">    7     return self.schedule()")
    hop = found["01/hop/chat/send"]
    assert hop.text == "hands it on\n`Request` over ZMQ"
    assert hop.lines.judged[1:] == ("async def send(request):", "    return request")
    mark = "\n".join(found["01/mark/few/here"].lines.shown)
    assert "r1 *arrives* with 1,200" in mark and "free: 4 -> 1" in mark


def test_a_compare_is_judged_by_what_both_runs_did(site):
    small_runs.add(site, "run-a")
    small_runs.add(site, "run-b", change=lambda run: run["setup"].update(budget=16))
    site.write(MANIFEST, site.manifest + small_runs.COMPARE)
    found = {name: text for name, text in texts(site).items() if "/compare/" in name or "/answer/" in name}
    assert len(found) >= 2 and all(text.lines for text in found.values())
    assert any("answer" in name for name in found)


def test_a_line_break_changes_no_text_and_a_word_does(site):
    before = digests(site, site.manifest)
    text = '"It schedules first."'
    again = digests(site, site.manifest.replace(text, '"""It schedules\n  first."""'))
    assert again == before
    other = digests(site, site.manifest.replace(text, '"It schedules last."'))
    assert other[0] != before[0] and other[1] == before[1]


def test_a_note_on_another_line_or_another_part_of_it_is_another(site):
    before = digests(site, site.manifest)
    for at in ("return self", "def step"):
        moved = digests(site, site.manifest.replace('at = "schedule"', f'at = "{at}"'))
        assert moved[0] == before[0] and moved[1] != before[1], at


def test_of_lines_that_read_alike_it_counts_which_one_is_meant(site):
    """A hop's line that stands twice in its function, and two functions whose bodies read alike."""
    hop = '\n[[path.hop]]\nid = "twice"\nsymbol = "vllm/core.py::Core.loop"\nline = "self.step()"\n'
    hop += 'in = { vllm-gpu = "engine-core" }\ndoes = "steps"\nnth = '
    twice = SOURCES[CORE].replace("            self.step()\n", "            self.step()\n" * 2)
    source(site, twice)
    one, two = (digests(site, site.manifest + f"{hop}{nth}\n", "01/hop/chat/twice") for nth in (1, 2))
    assert one[0] == two[0] and one[1] != two[1]
    of_functions = [
        digests(site, STEP.format(id="it", symbol=symbol) + NOTE.format(at="pass"), "01/note/it/one")
        for symbol in ("Core.forward_gpu", "Core.layer")
    ]
    assert of_functions[0][0] == of_functions[1][0] and of_functions[0][1] != of_functions[1][1]


def test_lines_that_only_shift_are_the_same_and_changed_ones_are_not(site):
    names = ("01/note/step/one", "01/hop/chat/step")
    before = {name: texts(site)[name].digests for name in names}
    source(site, "import os\n\n" + SOURCES[CORE])
    assert {name: texts(site)[name].digests for name in names} == before
    source(site, SOURCES[CORE].replace("return self.schedule()", "return self.schedule(1)"))
    for name in names:
        after = texts(site)[name].digests
        assert after[0] == before[name][0] and after[1] != before[name][1]


def test_a_text_whose_lines_are_not_found_has_no_digest_of_them(site):
    site.write(MANIFEST, site.manifest.replace('symbol = "Core.step"', 'symbol = "Core.gone"'))
    note = texts(site)["01/note/step/one"]
    assert note.lines is None and note.digests[0] and note.digests[1] == ""


def test_a_step_of_a_replay_that_ran_otherwise_is_another(site):
    small_replays.add(site)
    name = "01/mark/few/here"
    before = texts(site)[name].digests
    small_replays.add(site, change=lambda made: made["steps"][1]["state"].update(free=2))
    after = texts(site)[name].digests
    assert after[0] == before[0] and after[1] != before[1]


def test_every_text_of_the_site_has_an_id_of_its_own():
    found = reader_texts.of(Evidence(ROOT))
    assert len(found) > 300 and len({text.id for text in found}) == len(found)
    assert all(text.id.split("/")[1] in reader_texts.KINDS for text in found)
    assert [text.id for text in found if text.lines is None] == []
