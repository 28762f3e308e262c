"""A figure's image: of the form that fits, asked for late, with its words."""

from scripts.common.paths import ROOT
from scripts.measured import figure_files
from scripts.render.page import figure_html
from tests.scripts.fixtures.small_site import Site


def test_words_are_escaped_and_addresses_lead_to_what_is_published(tmp_path):
    site = Site(tmp_path)
    made = figure_html.figure(site.root, "01/wait.svg", 'more than "half" & rising', "../../")
    assert 'alt="more than &quot;half&quot; &amp; rising"' in made
    assert all(f"../../{address}" in made for address in figure_files.files(site.root))


def test_the_width_from_which_a_phone_s_drawing_is_shown_is_that_of_the_style():
    assert f"@media {figure_html.PHONES} {{ .md-typeset .figure-img" in (
        ROOT / "docs/assets/css/blocks/claim.css"
    ).read_text("utf-8")
