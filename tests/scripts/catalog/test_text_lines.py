"""A text stands at the lines it was written for, or somebody has read it at its new ones."""

import pytest

from scripts.catalog import reader_texts, reviews, text_lines
from scripts.catalog.site_data import Evidence
from tests.scripts.fixtures.small_site import Site, one_line

NOTE, HOP, STEP = "01/note/step/one", "01/hop/chat/send", "01/hop/chat/step"
MANIFEST = "snippets/01-one-request.toml"


@pytest.fixture
def site(tmp_path):
    return Site(tmp_path)


def texts(site):
    return reader_texts.of(Evidence(site.root))


def faults(site, confirmed=(), post=None):
    return text_lines.faults(text_lines.load(site.root), texts(site), confirmed, post)


def test_another_text_at_the_same_lines_passes_and_a_moved_one_is_told(site):
    assert faults(site) == []
    site.write(MANIFEST, site.manifest.replace("It schedules first", "It schedules last"))
    assert faults(site) == []
    site.write(MANIFEST, site.manifest.replace('at = "schedule"', 'at = "def step(self):"'))
    (told,) = faults(site)
    assert told == (
        f"{MANIFEST}: {NOTE}: stands at other lines than it was written for, now at vllm/core.py:6: 'def step(self):'; "
        f"move it back, or read it there: make review CONFIRM={NOTE} BY=your-handle"
    )
    assert faults(site, confirmed={NOTE}) == []  # its review tells of it
    assert text_lines.keep(texts(site), site.root) == (0, 0) and faults(site) == [told]
    reviews.confirm([NOTE], "reader", texts(site), site.root)
    assert faults(site) == []


def test_words_that_were_exchanged_are_told_and_make_pin_does_not_hide_it(site):
    plain = site.manifest.replace('crosses = "`Request` over ZMQ"\n', "")
    one, two = 'does = "hands it on"', 'does = "does one step"'
    site.write(MANIFEST, plain)
    assert faults(site) == [] and text_lines.keep(texts(site), site.root) == (1, 0)  # new words at the same lines
    site.write(MANIFEST, plain.replace(one, "X").replace(two, one).replace("X", two))
    told = faults(site)
    assert len(told) == 2 and f"{HOP}: has the words of {STEP}, which were written for other lines, now at" in told[0]
    assert text_lines.keep(texts(site), site.root) == (0, 0) and faults(site) == told
    reviews.confirm([HOP, STEP], "reader", texts(site), site.root)
    assert faults(site) == []


def test_lines_that_are_not_found_are_for_another_check(site):
    site.write(MANIFEST, site.manifest.replace('symbol = "Core.step"', 'symbol = "Core.gone"'))
    assert faults(site) == []


def test_new_texts_and_those_that_are_gone_are_written_by_make_pin(site):
    before = (site.root / text_lines.FILE).read_text()
    site.write(MANIFEST, site.manifest.replace('id = "one"', 'id = "other"'))
    new, gone = faults(site)
    told = "snippets/text-lines.toml has no digest of the lines of 1 texts (01/note/step/other): make pin"
    assert new == f"{MANIFEST}: {told}"
    assert gone == f"snippets/text-lines.toml: {NOTE}: no text is called so; make pin takes it out"
    assert faults(site, post="02") == [new]  # which the texts of post 02 alone would not have
    assert text_lines.keep(texts(site), site.root) == (1, 1) and faults(site) == []
    site.write(MANIFEST, site.manifest)
    assert text_lines.keep(texts(site), site.root) == (1, 1)
    assert (site.root / text_lines.FILE).read_text() == before and before.startswith("# The lines that each note")


def test_without_the_file_a_manifest_is_told_once(site):
    (site.root / text_lines.FILE).unlink()
    (told,) = faults(site)
    assert (
        f"{MANIFEST}: snippets/text-lines.toml has no digest of the lines of 9 texts (" in told and " ...): m" in told
    )


@pytest.mark.parametrize("line", [f'"{NOTE}" = "{"0" * 12}"', f'"{NOTE}" = 3', f'["{NOTE}"]\nlines = "{"0" * 12}"'])
def test_what_is_no_digest_is_one_line(site, line):
    site.write(text_lines.FILE, line)
    one_line(
        lambda: text_lines.load(site.root), f"snippets/text-lines.toml: {NOTE}: is no two digests of 12 digits; restore"
    )
