"""`make review` shows a text beside its lines, and confirms what somebody has read."""

import io
import subprocess
import sys

import pytest

from scripts.build import review, verify
from scripts.build.looked_at import LookedAt
from scripts.catalog import reader_texts, reviews
from scripts.common.errors import SiteError
from scripts.common.paths import ROOT
from tests.scripts.fixtures.small_site import Site

NOTE, HOP = "01/note/step/one", "01/hop/chat/send"
MANIFEST = "snippets/01-one-request.toml"


@pytest.fixture
def site(tmp_path):
    return Site(tmp_path)


def run(site, **more):
    out = io.StringIO()
    review.review(site.root, out=out, **more)
    return out.getvalue()


def answers(*given):
    left = list(given)
    return lambda question: left.pop(0)


def test_it_shows_text_and_line_side_by_side(site):
    text = run(site)
    at = text.splitlines().index(f"{NOTE}  (not confirmed)")
    assert text.startswith("== snippets/01-one-request.toml\n")
    row = next(row for row in text.splitlines()[at:] if row.startswith("It schedules first."))
    assert " |      6 def step(self):" in row
    assert " | >    7     return self.schedule()" in text
    assert text.endswith("confirmed: 0 of 9 in post 01\n" + text.splitlines()[-1] + "\n")


def test_a_long_function_is_cut_and_a_long_line_is_not(site):
    shown = tuple(f"> {number:4} call({'x' * 100})" for number in range(60))
    text = reader_texts.ReaderText(NOTE, MANIFEST, "word " * 40, reader_texts.Lines("here:1", ("",), shown))
    rows = review.side_by_side(text, "not confirmed", 80).splitlines()
    assert max(map(len, rows)) <= 80 and rows[-1].endswith("... 20 more lines, at the address above")
    assert "".join(row.partition("|")[2].strip() for row in rows).count("x") == 40 * 100


def test_it_confirms_what_is_named_and_shows_it_no_more(site):
    text = run(site, names=[NOTE, HOP], by="reader")
    assert f"{NOTE}  (confirmed by reader)" in text and text.endswith("confirmed: 2 of 9 in post 01\n")
    text = run(site)
    assert NOTE not in text and HOP not in text and "confirmed: 2 of 9 in post 01" in text
    site.write(MANIFEST, site.manifest.replace("It schedules first", "It schedules last"))
    assert f"{NOTE}  (text changed)" in run(site)


def test_on_a_terminal_it_asks_and_an_answer_is_kept_at_once(site):
    text = run(site, by="reader", ask=answers("n", "y", "q"))
    assert text.count("(not confirmed)") == 3 and "confirmed: 1 of 9 in post 01" in text
    assert list(reviews.load(site.root)) == ["01/hop/chat/loop"]

    def interrupted(question):
        raise KeyboardInterrupt

    assert "confirmed: 1 of 9 in post 01" in run(site, by="reader", ask=interrupted)
    text = run(site, ask=interrupted)  # nobody to answer for
    assert text.count("(not confirmed)") == 8


def test_who_read_it_has_to_be_said_and_an_unknown_id_is_one_line(site):
    with pytest.raises(SiteError, match="says not who read them; add BY=your-handle"):
        run(site, names=[NOTE])
    with pytest.raises(SiteError, match="make review CONFIRM=01/note/step/two: post 01 has no such note"):
        run(site, names=["01/note/step/two"], by="reader")
    with pytest.raises(SiteError, match="POST=09: no post has that number"):
        run(site, post="09")


def test_verify_says_how_many_and_fails_for_a_confirmation_of_nothing(site):
    assert review.check_reviews(LookedAt(site.root))[1].startswith("texts that only a reader can judge, 0 of them conf")
    run(site, names=[NOTE], by="reader")
    count, said = review.check_reviews(LookedAt(site.root, "01"))
    assert count == 9 and "1 of them confirmed" in said
    site.write(MANIFEST, site.manifest.replace('id = "one"', 'id = "other"'))
    out = io.StringIO()
    assert verify.verify(site.root, out, {"reviews": review.check_reviews}) == 1
    assert f"reviews.toml: review '{NOTE}': post 01 has no such note (near it: 01/note/step/other" in out.getvalue()
    assert f"warning: snippets/reviews.toml: review '{NOTE}'" in run(site)


def test_the_command_reads_the_make_variables():
    shown = subprocess.run(
        ["make", "-n", "review", "POST=02", "CONFIRM=02/a,02/b", "BY=some one"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert 'scripts.build.review --post 02 --confirm "02/a,02/b" --by "some one"' in shown
    done = subprocess.run(
        [sys.executable, "-m", "scripts.build.review", "--confirm", "02/a"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 1 and len(done.stderr.splitlines()) == 1 and "BY=your-handle" in done.stderr


def test_verify_tells_of_a_note_at_another_line_once(site):
    def told():
        out = io.StringIO()
        verify.verify(site.root, out, {"reviews": review.check_reviews})
        return out.getvalue()

    site.write(MANIFEST, site.manifest.replace('at = "schedule"', 'at = "def step(self):"'))
    assert f"{MANIFEST}: {NOTE}: stands at other lines than it was written for" in told()
    run(site, names=[NOTE], by="reader")
    assert told().startswith("ok ")
    site.write(MANIFEST, site.manifest)
    assert told().count(NOTE) == 2 and "what it speaks of (vllm/core.py:7) is another than reader confirmed" in told()
