"""The change log says what the posts' corrections say, and keeps the day of each pin."""

import datetime

import pytest

from scripts.common.errors import SiteError
from scripts.common.paths import ROOT
from scripts.pages import changelog
from tests.scripts.fixtures.small_site import Site

TODAY = datetime.date(2026, 12, 24)
POST = """---
date: 2026-11-20
---

# A post

## Corrections

- **2026-11-27.** The second{fixed: a reason}
  goes on.
- **2026-11-26.** The first.
"""


@pytest.fixture
def root(tmp_path):
    site = Site(tmp_path)
    for old in (site.root / "docs/posts").glob("0*.md"):
        old.unlink()
    (site.root / "docs/posts/03-x.md").write_text(POST)
    (site.root / "docs/posts/04-y.md").write_text("# Other\n\n## Corrections\n\nNone yet.\n")
    return site.root


def test_corrections_are_listed_by_day_newest_first_without_marks(root):
    assert changelog.entries(root) == [
        ("2026-11-27", "Post 3", "The second goes on."),
        ("2026-11-26", "Post 3", "The first."),
    ]
    text = changelog.text(root, TODAY)
    assert text.index("## 2026-11-27") < text.index("- Post 3: The second goes on.") < text.index("## 2026-11-26")


def test_a_pin_keeps_its_day_and_a_moved_one_gets_a_line(root):
    first = changelog.text(root, TODAY)
    (root / changelog.FILE).write_text(first)
    assert changelog.text(root, TODAY + datetime.timedelta(9)) == first
    moved = first.replace("The pages quote ", "The pages quote another engine and ")
    (root / changelog.FILE).write_text(moved)
    assert len(changelog.PIN.findall(changelog.text(root, TODAY + datetime.timedelta(9)))) == 2


def test_a_file_that_is_behind_is_one_line(root):
    with pytest.raises(SiteError, match="CHANGELOG.md: is not what the corrections .* run `make changelog`"):
        changelog.check(root, TODAY)


def test_the_committed_file_is_up_to_date():
    changelog.check(ROOT)
