"""A confirmation counts as long as the text and its lines are what was read."""

import pytest

from scripts.catalog import reader_texts, reviews
from scripts.catalog.site_data import Evidence
from scripts.common.errors import SiteError
from tests.scripts.fixtures.small_site import Site, one_line

NOTE, HOP = "01/note/step/one", "01/hop/chat/send"
MANIFEST = "snippets/01-one-request.toml"
LINE = '"{name}" = {{ by = "{by}", text = "{text}", lines = "{lines}" }}\n'
DIGEST = "0" * 12


@pytest.fixture
def site(tmp_path):
    return Site(tmp_path)


def texts(site):
    return reader_texts.of(Evidence(site.root))


def state(site, name=NOTE):
    (text,) = (text for text in texts(site) if text.id == name)
    return reviews.state(text, reviews.load(site.root))


def line(name=NOTE, by="reader", text=DIGEST, lines=DIGEST):
    return LINE.format(name=name, by=by, text=text, lines=lines)


def test_without_a_file_nothing_is_confirmed(site):
    assert reviews.load(site.root) == {} and state(site) == reviews.NEW
    assert reviews.counts(texts(site), {}) == {"01": (0, 9)}


def test_it_counts_until_the_text_or_the_line_is_another(site):
    reviews.confirm([NOTE, HOP], "reader", texts(site), site.root)
    assert state(site) == state(site, HOP) == "" and state(site, "01/hop/chat/step") == reviews.NEW
    assert reviews.counts(texts(site), reviews.load(site.root)) == {"01": (2, 9)}
    site.write(MANIFEST, site.manifest.replace("It schedules first", "It schedules last"))
    assert state(site) == reviews.TEXT and state(site, HOP) == ""
    site.write(MANIFEST, site.manifest.replace('at = "schedule"', 'at = "def step(self):"'))
    assert state(site) == reviews.LINES
    site.write(MANIFEST, site.manifest.replace('symbol = "Core.step"', 'symbol = "Core.gone"'))
    assert state(site) == reviews.GONE
    assert reviews.faults(reviews.load(site.root), texts(site)) == []  # the text is still there
    site.write(MANIFEST, site.manifest)
    assert state(site) == ""


def test_a_second_confirmation_keeps_the_others_and_is_of_its_reader(site):
    reviews.confirm([NOTE], "one", texts(site), site.root)
    reviews.confirm([HOP], "two", texts(site), site.root)
    assert {name: one.by for name, one in reviews.load(site.root).items()} == {NOTE: "one", HOP: "two"}
    assert (site.root / reviews.FILE).read_text().startswith("# Notes, hops' words")


@pytest.mark.parametrize(
    "text, parts",
    [
        (line(text="zz"), ("text 'zz' is no digest of 12 digits; restore it",)),
        (line(lines="A" * 12), (f"lines '{'A' * 12}' is no digest",)),
        (line(by="a<b"), ("by 'a<b' is no handle",)),
        (f'"{NOTE}" = {{ by = "reader", text = "{DIGEST}" }}', ("'lines' is missing; add it",)),
        (f'"{NOTE}" = "yes"', ("is no table",)),
        (line().replace("by =", "who ="), ("unknown key 'who'",)),
        (line() + line(), ("not TOML",)),
    ],
)
def test_a_line_that_does_not_fit_is_one_line(site, text, parts):
    site.write(reviews.FILE, text)
    one_line(lambda: reviews.load(site.root), "snippets/reviews.toml", *parts)


def test_a_confirmation_of_what_is_gone_says_why(site):
    why = {
        "01/note/step/two": "post 01 has no such note (near it: 01/note/step/one)",
        "07/note/step/one": "post 07 has no such texts (posts with some: 01)",
        "01/caption/step": "is no place of a text, such as 01/note/EXCERPT/NOTE or hop/PATH/HOP",
        "01/note/step": "is no place of a text",
        "step": "is no place of a text",
    }
    reviews.confirm([NOTE], "reader", texts(site), site.root)
    site.write(reviews.FILE, (site.root / reviews.FILE).read_text() + "".join(map(line, why)))
    kept = reviews.load(site.root)
    found = reviews.faults(kept, texts(site))
    assert len(found) == len(why)
    for said, (name, part) in zip(found, why.items(), strict=True):
        assert said.startswith(f"snippets/reviews.toml: review '{name}': {part}")
        assert said.endswith("; remove the line, and review what it is called now")
    assert [said.split("'")[1] for said in reviews.faults(kept, texts(site), "07")] == ["07/note/step/one"]


def test_what_cannot_be_confirmed_leaves_the_file_as_it_was(site):
    reviews.confirm([HOP], "reader", texts(site), site.root)
    before = (site.root / reviews.FILE).read_text()
    site.write(MANIFEST, site.manifest.replace('symbol = "Core.step"', 'symbol = "Core.gone"'))
    for name, by, part in [
        (NOTE, "reader", "the lines it speaks of are not found"),
        ("01/note/step/two", "reader", "post 01 has no such note"),
        ("01/hop/chat/step", 'a"b', "is no handle"),
    ]:
        with pytest.raises(SiteError, match=part):
            reviews.confirm([HOP, name], by, texts(site), site.root)
        assert (site.root / reviews.FILE).read_text() == before


def test_what_was_confirmed_and_is_another_now_is_told(site):
    reviews.confirm([NOTE, HOP], "reader", texts(site), site.root)
    kept = reviews.load(site.root)
    assert reviews.faults(kept, texts(site)) == []
    site.write(MANIFEST, site.manifest.replace("It schedules first", "It schedules last"))
    (told,) = reviews.faults(kept, texts(site))
    assert told.startswith(
        f"{MANIFEST}: {NOTE}: its text (vllm/core.py:7) is another than reader confirmed; read both: "
    )
    assert told.endswith(f"make review CONFIRM={NOTE} BY=your-handle; or remove its line from snippets/reviews.toml")
    site.write(MANIFEST, site.manifest.replace('at = "schedule"', 'at = "def step(self):"'))
    (told,) = reviews.faults(kept, texts(site))
    assert f"{NOTE}: what it speaks of (vllm/core.py:6) is another than reader confirmed" in told
    site.write(MANIFEST, site.manifest.replace('symbol = "Core.step"', 'symbol = "Core.gone"'))
    assert reviews.faults(kept, texts(site)) == []  # another check tells that the lines are not found


def test_a_sentence_in_doubt_has_to_be_confirmed_and_each_time_it_changes(site):
    page = "docs/posts/01-one-request.md"
    before = (site.root / page).read_text()
    site.write(page, f"{before}\nIt is {{{{wait.share}}}} in SGLang, {{{{wait.share}}}} in vLLM.\n")
    name = "01/values/wait/share"
    (told,) = reviews.faults({}, texts(site))
    line = len(before.split("\n")) + 1
    assert told.startswith(
        f"{page}:{line}: has {{{{wait.share}}}} twice; one of them is another value's place; correct it,"
    )
    assert told.endswith(f"make review CONFIRM={name} BY=your-handle")
    reviews.confirm([name], "reader", texts(site), site.root)
    assert reviews.faults(reviews.load(site.root), texts(site)) == []
    site.write(page, (site.root / page).read_text().replace("It is {{", "Still {{"))
    assert len(reviews.faults(reviews.load(site.root), texts(site))) == 1
    site.write(page, before)
    (told,) = reviews.faults(reviews.load(site.root), texts(site))
    assert f"review '{name}': post 01 has no such values" in told
