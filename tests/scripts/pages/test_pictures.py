"""The picture grammar in hand-made pictures: what is taken, and what is said of the rest."""

import re
from pathlib import Path

import pytest

from scripts.common.errors import SiteError
from scripts.pages import pictures

GOOD = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><text>8 <tspan>tokens</tspan></text></svg>'


def read(root, text):
    file = root / "docs/pictures/01/a.svg"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return pictures.read("01/a", root)


@pytest.mark.parametrize(
    ("inside", "said"),
    [
        ("<script/>", "holds <script>"),
        ("<foreignObject/>", "holds <foreignObject>"),
        ("<image/>", "holds <image>"),
        ("<style/>", "holds <style>"),
        ('<g onclick="x()"/>', "event handler onclick"),
        ('<g style="fill: red"/>', "has a style"),
        ('<rect fill="#123456"/>', "has fill='#123456'"),
        ('<rect id="b" stroke="red"/>', "<rect id=b> has stroke='red'"),
        ('<use href="https://example.org/x"/>', "refers to 'https://example.org/x'"),
        ('<rect class="r1 blue"/>', "has the class 'blue'"),
    ],
)
def test_a_picture_has_shapes_and_classes_only(tmp_path, inside, said):
    with pytest.raises(SiteError) as caught:
        read(tmp_path, GOOD.replace("</svg>", f"{inside}</svg>"))
    assert str(caught.value).startswith("docs/pictures/01/a.svg: ") and said in str(caught.value)


def test_what_is_no_picture(tmp_path):
    for text, said in (("<svg", "is no SVG"), (GOOD.replace("viewBox", "x"), "viewBox"), ("<g/>", "viewBox")):
        with pytest.raises(SiteError, match=said):
            read(tmp_path, text)
    with pytest.raises(SiteError, match=r"01/b\.svg: no such picture"):
        pictures.read("01/b", tmp_path)


def test_its_words_and_why_their_numbers_are_fixed(tmp_path):
    tree = read(tmp_path, GOOD.replace("<text>", '<g data-fixed="chosen"><text>1 token</text></g><text>'))
    assert pictures.texts(tree) == [pictures.Text("1 token", "chosen"), pictures.Text("8 tokens", "")]


def test_the_classes_are_those_of_the_style_sheet():
    sheet = (Path(__file__).resolve().parents[3] / pictures.SHEET).read_text("utf-8")
    named = set(re.findall(r"\.([a-z][a-z0-9-]*)", re.sub(r"/\*.*?\*/", "", sheet, flags=re.S)))
    assert named >= pictures.CLASSES
