"""Which packages there are and which imports which, read from the code itself, so that no page can say it wrongly.

The order from top to bottom is the one that pyproject.toml's import contracts hold the code to.
"""

import ast
import tomllib
from dataclasses import dataclass
from pathlib import Path

import grimp

from scripts.common.errors import SiteError

CONFIGURATION = "pyproject.toml"


@dataclass(frozen=True)
class Package:
    """One package below a container: `about` is its docstring's first line, `modules` how many files it has, `imports`
    maps the packages that it uses to the number of imports, `layer` counts from the top, from 0."""

    name: str
    about: str
    modules: int
    imports: dict[str, int]
    layer: int


def packages(container: str, root: Path) -> list[Package]:
    """The packages of `container` (`scripts`, `experiments.lab`) from top to bottom. Raises SiteError for a container
    that no contract orders, and for a package without a docstring."""
    layers = _layers(container, root)
    graph = grimp.build_graph(container.partition(".")[0], cache_dir=None)
    counts: dict[str, dict[str, int]] = {name: {} for layer in layers for name in layer}
    sizes = dict.fromkeys(counts, 0)
    for module in sorted(graph.modules):
        importer = _child(module, container)
        if importer not in counts:
            continue
        sizes[importer] += 1
        for target in graph.find_modules_directly_imported_by(module):
            imported = _child(target, container)
            if imported in counts and imported != importer:
                counts[importer][imported] = counts[importer].get(imported, 0) + 1
    return [
        Package(name, _about(container, name, root), sizes[name], counts[name], number)
        for number, layer in enumerate(layers)
        for name in layer
    ]


def _layers(container: str, root: Path) -> list[list[str]]:
    tools = tomllib.loads((root / CONFIGURATION).read_text("utf-8"))["tool"]
    for contract in tools.get("importlinter", {}).get("contracts", []):
        if contract["type"] == "layers" and contract.get("containers") == [container]:
            return [[name.strip() for name in layer.split("|")] for layer in contract["layers"]]
    raise SiteError(
        f"{CONFIGURATION}: no contract of type 'layers' has the container '{container}'; add one, or name another"
    )


def _child(module: str, container: str) -> str:
    below = module.removeprefix(f"{container}.")
    return below.partition(".")[0] if below != module else ""


def _about(container: str, name: str, root: Path) -> str:
    place = root / container.replace(".", "/") / name
    file = place / "__init__.py" if place.is_dir() else place.with_suffix(".py")
    text = ast.get_docstring(ast.parse(file.read_text("utf-8")))
    if not text:
        raise SiteError(f"{file.relative_to(root)}: has no docstring; say in one line what the package is for")
    return text.partition("\n\n")[0].replace("\n", " ")
