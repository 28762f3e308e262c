"""The menu's parts: a label without a word gets the part's title, every other one stays as it is."""

from scripts.publish import menu_names

PART = """<div class="md-nav__link md-nav__container"><a href="../" class="md-nav__link ">Reference &amp; more</a>
<label class="md-nav__link " for="__nav_6" id="__nav_6_label" tabindex="">
  <span class="md-nav__icon md-icon"></span>
</label></div>
<nav class="md-nav" data-md-level="1" aria-labelledby="__nav_6_label" aria-expanded="true">
  <label class="md-nav__title" for="__nav_6">
    <span class="md-nav__icon md-icon"></span>
    Reference &amp; more
  </label></nav>"""


def test_a_part_that_is_opened_by_an_empty_label_is_named_by_its_title():
    made = menu_names.named(PART)
    label, _, rest = made.partition("<nav")
    assert '<span class="unseen">Pages of Reference &amp; more</span>' in label
    assert rest == PART.partition("<nav")[2]
    assert menu_names.named(made) == made


def test_a_part_that_has_words_keeps_them():
    worded = PART.replace('tabindex="">', 'tabindex=""><span class="md-ellipsis">Reference</span>')
    assert menu_names.named(worded) == worded
