"""Figures as SVG that takes its colours from the page: text and axes in its text colour, series in CSS variables.

The same data gives the same bytes. Each variable has a fallback that reads on white and on black, for a viewer without
the page's style sheet. A figure is drawn twice, for a wide screen and for a phone: one drawing scaled to both has type
that is too large on the one or too small on the other.
"""

import io
import re
from collections.abc import Callable
from typing import Any

from experiments.lab.analysis.figure_forms import PHONE, WIDE, Form, narrow

# Series by meaning. `var(--figure-...)` with these fallbacks is what the file holds; the page may set the variables.
COLOURS = {
    "vllm": "#3b78c4",
    "sglang": "#c9652b",
    "cpu": "#5b8f3d",
    "gpu": "#8a63c0",
    "floor": "#808080",
    "accent": "#b8437a",
    "1": "#3b78c4",
    "2": "#c9652b",
    "3": "#5b8f3d",
    "4": "#8a63c0",
    "5": "#b8437a",
    "6": "#1f8f8f",
    "7": "#a07d1c",
    "8": "#6b7280",
}
INK = "#010203"  # stands for the page's text colour while matplotlib draws
GRID = "#020304"


def colour(name: str) -> str:
    """A colour for matplotlib that stands for a CSS variable: vllm, sglang, cpu, gpu, floor, accent, or 1 to 8."""
    names = list(COLOURS)
    return f"#0a0b{names.index(str(name)) + 16:02x}"


def both(
    function: Callable[..., object], name: str, height: float, phone: float, experiment: str
) -> dict[str, str]:
    """File name -> SVG text of the figure `name` for a wide screen and for a phone; heights in inches of 72 units."""
    return {
        form.file(name): draw(function, tall, f"{experiment}/{form.file(name)}", form)
        for form, tall in ((WIDE, height), (PHONE, phone))
    }


def draw(function: Callable[..., object], height: float, salt: str, form: Form = WIDE) -> str:
    """The SVG text of what `function(figure, axes)` draws in that form; height in inches of 72 units."""
    import matplotlib
    from matplotlib.figure import Figure
    from matplotlib.rcsetup import cycler

    style: dict[Any, Any] = {
        "svg.hashsalt": salt,
        "svg.fonttype": "none",
        "font.size": form.type,
        "axes.titlesize": "medium",
        "axes.titlepad": 0.8 * form.type,
        "figure.labelsize": "medium",
        "figure.constrained_layout.h_pad": 0.07,
        "figure.constrained_layout.w_pad": 0.07,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "text.color": INK,
        "axes.labelcolor": INK,
        "axes.edgecolor": INK,
        "xtick.color": INK,
        "ytick.color": INK,
        "axes.titlecolor": INK,
        "legend.frameon": False,
        "legend.labelcolor": INK,
        "grid.color": GRID,
        "grid.linewidth": 0.6,
        "axes.grid": True,
        "axes.axisbelow": True,
        "axes.facecolor": "none",
        "figure.facecolor": "none",
        "savefig.facecolor": "none",
        "axes.prop_cycle": cycler(color=[colour(str(n)) for n in range(1, 9)]),
        "lines.color": INK,
        "hatch.color": INK,
        "boxplot.medianprops.color": INK,
    }
    with matplotlib.rc_context(style):
        figure = Figure(figsize=(form.width / 72, height), layout="constrained")
        function(figure, figure.subplots())
        if form is PHONE:
            narrow(figure)
        out = io.BytesIO()
        figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None})
    return themed(out.getvalue().decode())


def themed(text: str) -> str:
    """An SVG with the stand-in colours replaced, without XML prologue and font names of the drawing machine."""
    for name, fallback in COLOURS.items():
        text = text.replace(colour(name), f"var(--figure-{name}, {fallback})")
    text = text.replace(INK, "currentColor").replace(GRID, "var(--figure-grid, #80808055)")
    text = re.sub(r"<\?xml.*?\?>\s*|<!DOCTYPE.*?>\s*", "", text, flags=re.S)
    text = re.sub(r"<metadata>.*?</metadata>\s*", "", text, flags=re.S)
    # matplotlib's sheet is for `*`: inlined it would reach the page around it.
    text = re.sub(r"<defs>\s*<style type=\"text/css\">.*?</style>\s*</defs>", "", text, count=1, flags=re.S)
    text = text.replace("<svg ", '<svg stroke-linejoin="round" stroke-linecap="butt" ', 1)
    text = re.sub(r"font-family: [^;\"]*", "font-family: inherit", text)
    text = re.sub(r"(font: [^;\"]*?px) [^;\"]*", r"\1 sans-serif", text)
    # What is left without a colour of its own is drawn black by default: follow the text instead.
    return re.sub(r"<text (?![^>]*fill)", '<text fill="currentColor" ', text)


def show(text: str) -> None:
    """Show a drawing in a notebook; elsewhere nothing."""
    try:
        from IPython import get_ipython
        from IPython.display import SVG, display
    except ImportError:
        return
    if get_ipython() is not None:
        display(SVG(text))
