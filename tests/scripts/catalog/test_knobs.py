"""Knobs: every setting in one of them, counterparts side by side, what a started server said, and every error."""

import io
import json
import sys

import pytest

from scripts.build import verify
from scripts.catalog import knobs, reported_defaults, site_data
from tests.scripts.fixtures.small_site import KNOBS, Site, base_record, one_line, sha

SLUG = "snippets/01-one-request.toml"
SECOND = "snippets/02-second.toml"
OTHER = '\n[other]\nname = "Other"\nversion = "2.0"\ntag = "v2.0"\nrepository = "someone/other"\nsources = "other"\n'
OTHER += 'artifact = "other-2.0.tar.gz"\ninside = "other-2.0/other"\nbytes = 1\nunpacked_bytes = 1\nsha256 = "{sha}"\n'
SELECT = "class Core:\n    select = False\n"
SETTING = """
[[setting]]
id = "{id}"
engine = "{engine}"
name = "{name}"
path = "{path}"
symbol = "{symbol}"
value = '{value}'
who = "nobody"
"""


def setting(**changed) -> str:
    keys = {
        "id": "again",
        "engine": "vllm",
        "name": "--pick",
        "path": "vllm/core.py",
        "symbol": "Core.schedule.pick",
        "value": r"return (\d)",
    }
    return SETTING.format(**keys | changed)


COUNTERPART = setting(
    id="select", engine="other", name="--select", path="other/core.py", symbol="Core.select", value=r"select = (\w+)"
)


@pytest.fixture
def site(tmp_path):
    """The small site with a second engine, pinned and unpacked, of which no post speaks yet."""
    made = Site(tmp_path)
    pins = made.root / "snippets/pins.toml"
    pins.write_text(pins.read_text("utf-8") + OTHER.format(sha="cd" * 32), "utf-8")
    cache = f".cache/sources/{('cd' * 32)[:16]}"
    made.write(f"{cache}/other/core.py", SELECT)
    made.write(f"{cache}/files.json", json.dumps({"other/core.py": sha(SELECT.encode())}))
    return made


def load(site) -> list:
    found = site_data.Evidence(site.root)
    loaded = knobs.load(found.pins, site.root)
    knobs.check_claims(loaded, found.claims)
    return loaded


def refused(site, *parts):
    one_line(lambda: load(site), *parts)


def changed(site, old: str, new: str) -> None:
    assert old in KNOBS
    site.write(knobs.FILE, KNOBS.replace(old, new))


def test_a_knob_has_its_setting_claims_and_excerpts(site):
    (knob,) = load(site)
    assert (knob.anchor, knob.group.anchor, knob.claims) == ("knob-pick", "knobs-loop", ("wait",))
    flag = knob.flags["vllm"]
    assert [each.id for each in flag.all] == ["pick"] and [post for post, _ in flag.excerpts] == ["01"]


def test_another_post_s_setting_with_the_flag_joins_it_unasked(site):
    site.write(SECOND, setting())
    (knob,) = load(site)
    assert knob.flags["vllm"].own.id == "pick"
    assert [knobs.number_of(each) for each in knob.flags["vllm"].all] == ["01", "02"]


def test_counterparts_share_a_knob(site):
    site.write(SECOND, COUNTERPART)
    changed(site, 'vllm = "01/pick"', 'vllm = "01/pick"\nother = "02/select"')
    (knob,) = load(site)
    assert {engine: flag.own.name for engine, flag in knob.flags.items()} == {"vllm": "--pick", "other": "--select"}


def test_groups_are_in_the_order_of_the_file(site):
    site.write(SECOND, COUNTERPART)
    more = '[[knob]]\nid = "select"\nname = "s"\ngroup = "first"\nother = "02/select"\ntrades = "t"\n'
    site.write(knobs.FILE, '[[group]]\nid = "first"\ntitle = "F"\n' + KNOBS + more)
    assert [knob.id for knob in load(site)] == ["select", "pick"]


def test_a_setting_in_no_knob_stops(site):
    site.write(SECOND, COUNTERPART)
    refused(
        site,
        f"{SECOND}: setting 'select': --select is in no knob",
        'write other = "02/select" in a [[knob]] of snippets/knobs.toml',
    )


def test_without_a_file_every_setting_lacks_a_knob(site):
    (site.root / knobs.FILE).unlink()
    refused(site, f"{SLUG}: setting 'pick': --pick is in no knob")


@pytest.mark.parametrize(
    ("old", "new", "said_"),
    [
        ('trades = "More is *slower*."\n', "", "knob 'pick': 'trades' is missing; add it"),
        ('"More is *slower*."', '" "', "knob 'pick': 'trades' must be text; correct or remove it"),
        ('group = "loop"', 'group = "lop"', "knob 'pick': group 'lop' is not known; use one of loop"),
        ('name = "What', 'nam = "What', "knob 'pick': unknown key 'nam'; remove it, or use one of id, name, group"),
        ('id = "pick"\n', "", "knob number 1: 'id' is missing; add it"),
        ('id = "pick"', 'id = "Pick it"', "id 'Pick it' is not lower-case words"),
        ('["wait"]', '["weight"]', "knob 'pick': claim 'weight' is in no file of experiments/claims; correct the id"),
        ('["wait"]', '["wait", "wait"]', "knob 'pick': claims must be a list of ids, each once; correct it"),
        ('["wait"]', '"wait"', "knob 'pick': 'claims' must be a list; correct or remove it"),
        ('"01/step"', '"01/stop"', "knob 'pick': excerpt '01/stop' is not defined; use one of 01/step"),
        ('"01/step"', '"step"', "excerpt 'step' is not defined; use one of NN/id, as the excerpts of a post"),
        ('"01/step"', "3", "excerpts must be a list of ids, each once; correct it"),
        ('"01/pick"', '"01/peck"', "knob 'pick': setting '01/peck' is not defined; use one of 01/pick"),
        ('vllm = "01/pick"', 'other = "01/pick"', "knob 'pick': setting '01/pick' is of vllm; name one of other"),
        ('vllm = "01/pick"', 'vlm = "01/pick"', "knob 'pick': unknown key 'vlm'; remove it"),
        ('vllm = "01/pick"\n', "", "knob 'pick': names no setting; write vllm = \"NN/id\" with the id of one"),
        ('title = "The loop"\n', "", "group 'loop': 'title' is missing; add it"),
        ("[[knob]]", '[[group]]\nid = "loop"\ntitle = "x"\n[[knob]]', "group 'loop': two groups are called that"),
        ("[[knob]]", '[[group]]\nid = "bare"\ntitle = "x"\n[[knob]]', "group 'bare': has no knob; remove it, or name"),
        ("[[knob]]", "[[knub]]", "snippets/knobs.toml: 'knub' is nothing that it holds; write [[group]] or"),
        ("[[knob]]", "[[knob]", "snippets/knobs.toml: not TOML ("),
        # The same engine twice in one knob is the same key twice.
        ('vllm = "01/pick"', 'vllm = "01/pick"\nvllm = "01/pick"', "snippets/knobs.toml: not TOML (Cannot overwrite"),
    ],
)
def test_the_file_is_read_strictly(site, old, new, said_):
    changed(site, old, new)
    refused(site, said_)


def test_two_knobs_may_not_have_one_flag_or_one_name(site):
    again = KNOBS[KNOBS.index("[[knob]]") :]
    site.write(knobs.FILE, KNOBS + again)
    refused(site, "snippets/knobs.toml: knob 'pick': two knobs are called that; rename one")
    site.write(SECOND, setting())
    site.write(knobs.FILE, KNOBS + again.replace('id = "pick"', 'id = "second"').replace("01/pick", "02/again"))
    refused(site, "knob 'second': vllm: --pick is in knob 'pick' already; name it in one of them")


def test_an_excerpt_of_an_engine_without_a_setting_stops(site):
    site.write(SECOND, COUNTERPART)
    changed(site, 'vllm = "01/pick"', 'other = "02/select"')
    refused(site, "knob 'pick': excerpt '01/step' is of vllm, of which it names no setting; remove it, or name")


def test_verify_counts_knobs_and_refuses_an_unknown_claim(site, monkeypatch):
    monkeypatch.setattr(verify, "LAB", (sys.executable, "-c", "pass"))

    def run():
        out = io.StringIO()
        return verify.verify(site.root, out, {"knobs": verify.check_knobs}), out.getvalue()

    assert run() == (0, "ok     knobs               1 knobs have every setting among them, as 1 flags\n")
    changed(site, '["wait"]', '["weight"]')
    status, text = run()
    assert status == 1 and "knob 'pick': claim 'weight' is in no file" in text


def started(site, measurement, value, says=True, gpu="A card", command=(), name="pick"):
    """A record of a server that said what --pick is."""
    data = base_record(measurement)
    if gpu:
        data["host"]["gpu"] = {"name": gpu, "uuid": "GPU-0", "memory_bytes": 1}
    data["command"] = [*data["command"], *command]
    if says:
        data["extra"] = {"says": {name: value}}
    else:
        data["samples"] = [{"name": name, "unit": "count", "labels": {}, "values": [value]}]
    site.save_record(measurement, data)


def values(site) -> list:
    found = site_data.Evidence(site.root)
    return [(each.value, each.gpu, each.record.measurement) for each in reported_defaults.of(own(site), found.records)]


def own(site):
    return load(site)[0].flags["vllm"].own


def test_what_a_server_said_is_read_from_its_record(site):
    assert values(site) == []
    started(site, "again-vllm-default", 7)
    assert values(site) == [("7", "A card", "again-vllm-default")]
    started(site, "default-vllm", 7, says=False)
    assert values(site) == [("7", "A card", "default-vllm")]


def test_servers_that_disagree_are_both_heard(site):
    started(site, "default-vllm", 7, says=False)
    started(site, "f1-vllm-default", 8)
    assert [value for value, *_ in values(site)] == ["7", "8"]


@pytest.mark.parametrize(
    "how",
    [
        {"measurement": "f1-vllm-off"},  # another setting may have changed this one's default
        {"gpu": None},
        {"command": ["--pick", "7"]},
        {"command": ["--pick=7"]},
        {"says": False},  # a sample of a measurement that is not of defaults
        {"name": "peck"},
    ],
)
def test_nothing_is_taken_from_a_server_that_was_not_as_it_comes(site, how):
    started(site, **{"measurement": "f1-vllm-default", "value": 7} | how)
    assert values(site) == []


def test_a_server_s_words_become_the_page_s(site):
    site.write(SLUG, site.manifest.replace('who = "nobody"\n', 'who = "nobody"\nshown = { 1 = "one", True = "on" }\n'))
    started(site, "default-vllm", True)
    assert [value for value, *_ in values(site)] == ["on"]
