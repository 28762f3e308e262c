"""A drawing for phones: everything it names stands inside it, in type that is read, and says what the wide one says."""

import re

import matplotlib
import pytest
from matplotlib.figure import Figure

from experiments.lab.analysis import draw_figures, figure_forms
from experiments.lab.analysis.figure_forms import PHONE, WIDE

ROWS = ["SGLang, longest prefix, 90 wait", "vLLM, as they came, 180 wait", "short"]


def rows(figure, axes):
    axes.barh(range(3), [1, 2, 3], label="a bar with a long name in the legend")
    axes.barh(range(3), [1, 1, 1], label="another bar with as long a name")
    axes.set_yticks(range(3), ROWS)
    axes.set_ylabel("what is in the queue, and in which order")
    axes.set_xlabel("share of all tokens of the optimum, %")
    axes.annotate("a note that is far too long to fit", (0.4, 1), ha="right")
    figure.legend(loc="outside upper center", ncols=3)


def two(figure, axes):
    axes.remove()
    for number, each in enumerate(figure.subplots(2, 1)):
        each.plot([1, 2], [1, 2], label=f"line {number}")
        each.set_title(f"title {number}")
        each.set_ylabel(f"name {number}")
        each.legend()


def words(text):
    return " ".join(re.findall(r"<text[^>]*>([^<]*)</text>", text))


def drawn(function, form):
    return draw_figures.draw(function, 4, "01/x.svg", form)


@pytest.mark.parametrize("function", [rows, two])
def test_a_phone_s_drawing_says_what_the_wide_one_says(function):
    wide, phone = (drawn(function, form) for form in (WIDE, PHONE))
    said = [set(re.findall(r"[a-zA-Z]{2,}|[02]", words(text))) for text in (wide, phone)]
    assert said[0] - said[1] <= {"0", "2"} and len(said[0]) >= 5  # a shorter axis has fewer ticks
    assert f'viewBox="0 0 {WIDE.width} ' in wide and f'viewBox="0 0 {PHONE.width} ' in phone


def test_its_type_is_of_one_size():
    assert set(re.findall(r"font(?:-size)?: ([\d.]+)px", drawn(rows, PHONE))) == {f"{PHONE.type:g}"}
    assert set(re.findall(r"font(?:-size)?: ([\d.]+)px", drawn(rows, WIDE))) == {f"{WIDE.type:g}"}


def test_names_of_rows_go_on_in_a_second_line_and_nothing_is_turned():
    text = words(drawn(rows, PHONE))
    assert "vLLM, as they came, 180 wait" in text, "in two pieces, one after the other"
    assert "rotate(-90" in drawn(rows, WIDE) and "rotate(-90" not in drawn(rows, PHONE)


def test_nothing_that_is_named_leaves_the_drawing():
    with matplotlib.rc_context({"font.size": PHONE.type}):
        for function in (rows, two):
            figure = Figure(figsize=(PHONE.width / 72, 5), dpi=72, layout="constrained")
            function(figure, figure.subplots())
            figure_forms.narrow(figure)
            figure.draw_without_rendering()
            ticks = {label for axes in figure.axes for label in axes.get_xticklabels()}  # of those beyond the axis, too
            for text in figure.findobj(matplotlib.text.Text):
                if text.get_visible() and text.get_text() and text not in ticks:
                    box = text.get_window_extent()
                    assert box.x0 >= -1 and box.x1 <= PHONE.width + 1, (text.get_text(), box)


def test_legends_that_differ_stay_with_their_axes():
    text = words(drawn(two, PHONE))
    assert text.index("line 0") < text.index("line 1") and "name 0" in text


def test_names_of_files():
    assert (WIDE.file("a.svg"), PHONE.file("a.svg")) == ("a.svg", "a-phone.svg")
