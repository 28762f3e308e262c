"""What is left out of a theme's sheet: what nothing on the site can match, and never more."""

import pytest

from scripts.common.paths import ROOT
from scripts.prepare import generator_settings
from scripts.publish.unused_rules import Used, without_unused, without_unused_properties

PAGE = '<html lang="en" dir="ltr" class="no-js"><p class="a b"><span class=c><script>x.className = "late"</script>'
USED = Used.of([PAGE], ['e.classList.add("later");document.createElement("kbd");e.querySelector(".sought")'])


@pytest.mark.parametrize(
    "rule",
    [
        ".a{top:0}",
        "p.b>span.c:hover{top:0}",
        ".c::before{top:0}",
        ".late{top:0}",
        ".later kbd{top:0}",
        "*{top:0}",
        ":root{top:0}",
        "[data-x=y]{top:0}",
        ":is(.gone,.a){top:0}",
        ".a:not(.gone){top:0}",
        "[dir=ltr] .a{top:0}",
        "@media print{.a{top:0}}",
        "@keyframes gone{0%{top:0}to{top:1px}}",
        "@font-face{font-family:gone}",
        '.a{content:"}.gone{"}',
    ],
)
def test_a_rule_that_may_match_stays_as_it_is(rule):
    assert without_unused(rule, USED) == rule


@pytest.mark.parametrize(
    ("rule", "left"),
    [
        (".gone{top:0}", ""),
        (".sought{top:0}", ""),
        (".a.gone{top:0}", ""),
        (".gone>.a{top:0}", ""),
        ("article{top:0}", ""),
        ("[dir=rtl] .a{top:0}", ""),
        (".a,.gone,p{top:0}", ".a,p{top:0}"),
        ("@media print{.gone{top:0}.a{top:0}}", "@media print{.a{top:0}}"),
        ("@media print{.gone{top:0}}", ""),
        ("@supports (top:0){@media print{.gone{top:0}}}", ""),
    ],
)
def test_a_rule_that_matches_nothing_goes(rule, left):
    assert without_unused(rule, USED) == left


def test_a_property_that_nobody_asks_for_goes():
    sheet = ':root{--used:1px;--icon:url("data:image/svg+xml;a{b};c");--last:2px}.a{top:var(--used)}'
    assert without_unused_properties(sheet, []) == ":root{--used:1px;;}.a{top:var(--used)}"
    assert "--last:2px" in without_unused_properties(sheet, ["<p style='top:var( --last )'>"])


def test_what_the_theme_makes_for_a_setting_alone_goes_unless_a_page_has_it():
    script = 'h("div",{class:"md-tooltip2 md-version"});e.className="tabbed-button"'
    off, on = Used.of([PAGE], [script]), Used.of([PAGE, '<i class="tabbed-button">'], [script])
    sheet = ".md-version{top:0}.md-tooltip2{top:0}.tabbed-button{top:0}"
    assert without_unused(sheet, off) == ""
    assert without_unused(sheet, on) == ".tabbed-button{top:0}"


def test_no_setting_asks_for_it():
    settings = generator_settings.read(ROOT)
    asked = set(settings["theme"]["features"]) & {"content.tooltips", "content.code.annotate", "content.tabs.link"}
    assert asked == set() and "version" not in settings["extra"]
    assert "search" not in [
        name for entry in settings["plugins"] for name in ([entry] if isinstance(entry, str) else entry)
    ]
