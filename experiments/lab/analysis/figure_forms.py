"""The screens that a figure is drawn for, and what a narrow one changes: where names stand, never what is drawn.

A phone has no room for names beside the axes: there the y axis is named above its drawing, the legend stands above all,
and long names of rows go on in a second line.
"""

import re
import textwrap
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LONGEST = 16  # letters of a row's name in one line
MOST_COLUMNS = 3  # of a legend
EDGE = 6  # units between a name and the drawing's left edge
_SET = re.compile(r"[\n$]")  # a name that is in lines already, or mathematics
_PART = re.compile(r"(?<=[,:]) ")


@dataclass(frozen=True)
class Form:
    """A screen that a figure is drawn for: its width, and the size of all its type, in units; both are such that a page
    shows the type nearly as large as the text around it."""

    suffix: str
    width: int
    type: float

    def file(self, name: str) -> str:
        """The file of the figure `name` in this form."""
        stem, _, kind = name.rpartition(".")
        return f"{stem}{self.suffix}.{kind}"


WIDE = Form("", 403, 10)
PHONE = Form("-phone", 340, 13)


def narrow(figure: "Figure") -> None:
    """Moves the names of a drawing to where a phone has room for them."""
    _wrap_rows(figure.axes)
    said = [_of(axes) for axes in figure.axes]
    if len({tuple(each) for each in said if each}) > 1:
        for axes in figure.axes:
            _legend_above(axes)
    else:
        _one_legend(figure)
    for axes in figure.axes:
        _name_above(axes, figure.get_supylabel() if axes is figure.axes[0] else "")
    if figure.get_supylabel():
        figure.supylabel("")
    for _ in range(2):  # what stands at the left edge was beyond the right one before, and had narrowed the axes
        figure.draw_without_rendering()
        for axes in figure.axes:
            _within(axes, figure)


def _within(axes: "Axes", figure: "Figure") -> None:
    """Keeps what names and marks the drawing inside the figure."""
    left = axes.get_window_extent()
    axes._left_title.set_x(-(left.x0 - EDGE) / left.width)  # type: ignore[attr-defined]
    # Below a narrow drawing beside long names, its middle is too far right for a long one.
    if axes.xaxis.label.get_window_extent().x1 > figure.bbox.x1:
        axes.xaxis.label.set_horizontalalignment("right")
        axes.xaxis.label.set_x(1)
    for text in axes.texts:
        if text.get_window_extent().x0 < left.x0 and "\n" not in text.get_text():
            text.set_text(_wrapped(text.get_text(), len(text.get_text()) // 2 + 1))


def _wrap_rows(several: Iterable["Axes"]) -> None:
    for axes in several:
        names = [label.get_text() for label in axes.get_yticklabels()]
        if any(len(name) > LONGEST and not _SET.search(name) for name in names):
            axes.set_yticks(axes.get_yticks(), [name if _SET.search(name) else _wrapped(name) for name in names])


def _wrapped(name: str, width: int = LONGEST) -> str:
    """A name in lines of about `width` letters, broken behind a comma or colon where that is enough."""
    if len(name) <= width:
        return name
    halves = [(name[: at.start()], name[at.end() :]) for at in _PART.finditer(name)]
    best = min(halves, key=lambda two: max(map(len, two)), default=None)
    if best and max(map(len, best)) <= width + 3:
        return "\n".join(best)
    return "\n".join(textwrap.wrap(name, width, break_on_hyphens=False))


def _of(axes: "Axes") -> list[str]:
    """What the legend of these axes says."""
    legend = axes.get_legend()
    return [text.get_text() for text in legend.get_texts()] if legend else []


def _handles(several: Iterable["Axes"]) -> dict[str, Any]:
    """What is drawn, by the words of its legend, each once."""
    found: dict[str, Any] = {}
    for axes in several:
        for handle, label in zip(*axes.get_legend_handles_labels(), strict=True):
            found.setdefault(label, handle)
    return found


def _one_legend(figure: "Figure") -> None:
    """One legend above all, of as many columns as fit."""
    said = [text.get_text() for legend in figure.legends for text in legend.get_texts()]
    said += [label for axes in figure.axes for label in _of(axes)]
    handles = {label: handle for label, handle in _handles(figure.axes).items() if label in said}
    for old in (*figure.legends, *(axes.get_legend() for axes in figure.axes)):
        if old:
            old.remove()
    if not handles:
        return
    for columns in range(MOST_COLUMNS, 0, -1):
        legend = figure.legend(
            handles.values(), handles, ncols=columns, loc="outside upper left", handlelength=1.4, columnspacing=1
        )
        figure.draw_without_rendering()
        if legend.get_window_extent().width <= figure.bbox.width or columns == 1:
            return
        legend.remove()


def _legend_above(axes: "Axes") -> None:
    """The legend above its own axes, headed by the name of the y axis."""
    if not _of(axes):
        return
    axes.legend(
        loc="lower left", bbox_to_anchor=(0, 1), title=axes.get_ylabel(), alignment="left", handlelength=1.4,
        borderpad=0, borderaxespad=0.3,
    )
    axes.set_ylabel("")


def _name_above(axes: "Axes", of_all: str) -> None:
    """The y axis' name as a line above its drawing, below the title where there is one."""
    name = axes.get_ylabel() or of_all
    lines = [line for line in (axes.get_title(), name) if line]
    axes.set_ylabel("")
    axes.set_title("")
    axes.set_title("\n".join(lines), loc="left")
