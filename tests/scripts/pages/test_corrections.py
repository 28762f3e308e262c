"""The dated list that ends each post: which lists are taken, and what is said of one that is wrong."""

import datetime

import pytest

from scripts.common.errors import SiteError
from scripts.pages import corrections

TODAY = datetime.date(2026, 11, 26)
HEAD = "---\ntitle: A post\ndate: 2026-11-20\n---\n\n# A post\n\nText.\n\n"


def read(rest):
    return corrections.read(HEAD + rest, "docs/posts/01-a.md", TODAY)


def test_none_and_a_list_with_the_newest_first():
    assert read("## Corrections\n\nNone yet.\n") == []
    listed = "## Corrections\n\n- **2026-11-26.** This was that.\n  And more of it.\n- **2026-11-20.** Earlier.\n"
    assert read(listed) == [TODAY, datetime.date(2026, 11, 20)]


def test_the_list_may_end_evidence():
    evidence = "## Evidence\n\n### Claims\n\nText.\n\n"
    assert read(evidence + "### Corrections\n\nNone yet.\n") == []
    assert read(evidence + "### Corrections\n\n- **2026-11-26.** This was that.\n") == [TODAY]
    for wrong in (
        "### Corrections\n\nNone yet.\n",  # in no Evidence
        evidence + "### Corrections\n\nNone yet.\n\n### More\n",
        evidence + "## Corrections\n\nNone yet.\n\n### Corrections\n\nNone yet.\n",
    ):
        with pytest.raises(SiteError, match="has no '## Corrections' as its last section"):
            read(wrong)


def test_the_lines_of_the_list():
    item = "- **2026-11-26.** So."
    assert corrections.section(f"## Evidence\n\n### Corrections\n\n{item}").strip() == item
    assert corrections.section("# A post\n") == ""


def test_a_block_that_ends_the_post_is_no_correction():
    listed = "## Corrections\n\n- **2026-11-26.** So.\n\n/// post-end\n///\n"
    assert read(listed) == [TODAY]
    assert read(listed.replace("- **2026-11-26.** So.", "None yet.")) == []
    assert corrections.section(listed).strip() == "- **2026-11-26.** So."


@pytest.mark.parametrize(("rest", "said"), [
    ("", "has no '## Corrections' as its last section; end the post with it"),
    ("## Corrections\n\nNone yet.\n\n## More\n", "has no '## Corrections' as its last section"),
    ("## Corrections\n", "is empty; write 'None yet.'"),
    ("## Corrections\n\nNone so far.\n", r"01-a.md:12: is no correction; write '- \*\*YYYY-MM-DD"),
    ("## Corrections\n\n- **2026-13-01.** What?\n", "01-a.md:12: 2026-13-01 is no date"),
    ("## Corrections\n\n- **2026-11-19.** Too early.\n", r"2026-11-19 lies before the post \(2026-11-20\)"),
    ("## Corrections\n\n- **2026-11-27.** Tomorrow.\n", "2026-11-27 lies before the post .* in the future"),
    ("## Corrections\n\n- **2026-11-21.** One.\n- **2026-11-22.** Two.\n", "01-a.md:13: .* write the newest first"),
])
def test_a_list_that_is_wrong_is_a_line(rest, said):
    with pytest.raises(SiteError, match=said):
        read(rest)


def test_every_post_is_looked_at(tmp_path):
    (tmp_path / "docs/posts").mkdir(parents=True)
    (tmp_path / "docs/posts/01-a.md").write_text(HEAD + "## Corrections\n\nNone yet.\n")
    (tmp_path / "docs/posts/02-b.md").write_text(HEAD + "## Corrections\n\n- **2026-11-21.** One.\n")
    (tmp_path / "docs/posts/index.md").write_text("# Posts\n")
    assert corrections.check(tmp_path) == (2, 1)
