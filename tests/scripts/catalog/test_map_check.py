"""The map against recordings and posts: a box in another process, an arrow against the order, a post without a box."""

import pytest

from scripts.catalog import engine_map, map_check, site_data
from scripts.common.paths import ROOT
from tests.scripts.fixtures.small_site import MAP, Site, rows


@pytest.fixture
def site(tmp_path):
    return Site(tmp_path)


def problems(site) -> list[str]:
    return map_check.problems(engine_map.load(site.root), site_data.Evidence(site.root))


def test_the_small_map_is_as_recorded(site):
    assert problems(site) == []


def test_the_map_of_this_site_has_a_box_for_every_post():
    maps = engine_map.load(ROOT)
    shown = {box.post for each in maps.values() for box in each.boxes}
    assert shown >= {page.stem for page in (ROOT / "docs/posts").glob("[0-9]*.md")}
    assert (
        {box.kind for box in maps["vllm"].boxes} == {box.kind for box in maps["sglang"].boxes} == set(engine_map.KINDS)
    )


CASES = [
    (
        'process = "engine-core"\nkind = "queue"',
        'process = "api-server"\nkind = "queue"\n',
        ("box 'step'", "Core.step was recorded in engine-core, not in api-server"),
    ),
    ('path = "chat"', 'path = "chatter"', ("box 'send'", "path 'chatter' is in no manifest", "chat")),
    ('hop = "send"', 'hop = "sent"', ("box 'send'", "has no hop 'sent'", "loop, chat, send")),
    ('hop = "forward-gpu"', 'hop = "forward-cpu"', ("box 'forward'", "not claimed on vllm-gpu")),
    ('post = "01-one-request"', 'post = "09-none"', ("box 'send'", "post '09-none' is not written", "01-one-request")),
    ('section = "one-request"', 'section = "two"', ("box 'send'", "no section 'two'", "one-request, corrections")),
    (
        'from = "send"\nto = "step"',
        'from = "step"\nto = "send"',
        ("arrow 'step' to 'send'", "send was always entered before Core.step", "write back = true"),
    ),
    ('to = "step"\nback = true', 'to = "step"', ("arrow 'forward' to 'step'", "write back = true")),
    ('to = "forward"', 'to = "forward"\nback = true', ("arrow 'step' to 'forward'", "drop back = true")),
]


@pytest.mark.parametrize(("old", "new", "parts"), CASES)
def test_what_was_not_recorded_so_is_one_line(site, old, new, parts):
    assert old in MAP
    moved = MAP.replace(old, new, 1)
    if "api-server" in new:  # out of the way of the box that stands there
        moved = moved.replace("at = [1, 1]", "at = [3, 1]", 1)
    site.write(engine_map.FILE, moved)
    said = problems(site)
    assert all("\n" not in line and line.startswith("snippets/map.toml: ") for line in said)
    assert any(all(part in line for part in parts) for line in said), said


def test_a_post_without_a_box_is_named(site):
    site.write("docs/posts/02-second.md", "# Second\n")
    assert problems(site) == [
        "snippets/map.toml: post '02-second' has no box, so its strip would show nothing; add one"
    ]


def test_a_function_that_the_recording_lacks_is_named(site):
    site.save_recording("vllm-gpu", [row for row in rows("vllm-gpu") if not row[0].endswith("Core.step")])
    assert any("box 'step': Core.step was not recorded, not in engine-core" in line for line in problems(site))
    assert any("arrow 'send' to 'step': no recording has both" in line for line in problems(site))


def test_a_configuration_without_a_recording_is_named(site):
    for name in ("path-vllm-gpu.json", "path-vllm-gpu.entries.json.gz"):
        (site.root / "experiments/records/01" / name).unlink()
    assert any("record it" in line and "vllm-gpu" in line for line in problems(site))


def test_sections_are_called_as_the_table_of_contents_calls_them(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("# A `b` *c*?\n\n## Twice\n\n## Twice\n\n```\n## code\n```\n\n### Own {#mine .x}\n", "utf-8")
    assert map_check.sections(page) == ["a-b-c", "twice", "twice_1", "mine"]
