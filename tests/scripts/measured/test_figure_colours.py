"""A figure's colours are those of the style sheet, light and dark."""

import re

from scripts.common.paths import ROOT
from scripts.measured import figure_colours


def test_both_schemes_give_the_same_names_other_colours():
    light, dark = figure_colours.palette(ROOT).split("@media (prefers-color-scheme:dark)")
    names = [set(re.findall(r"(--figure-\w+):(#\w+)", rules)) for rules in (light, dark)]
    assert {name for name, _ in names[0]} == {name for name, _ in names[1]} >= {"--figure-vllm", "--figure-gpu"}
    assert not names[0] & names[1]
    assert all("color:#" in rules and ".ground{fill:#" in rules for rules in (light, dark))


def test_a_site_without_the_sheet_has_ink_on_a_ground(tmp_path):
    assert figure_colours.palette(tmp_path) == ":root{color:#111}.ground{fill:#fff}"
