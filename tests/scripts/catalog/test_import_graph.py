"""The picture of imports is read from the code and from the contracts."""

import pytest

from scripts.catalog import import_graph
from scripts.common.errors import SiteError
from scripts.common.paths import ROOT


@pytest.mark.parametrize(("container", "least"), [("scripts", 10), ("experiments.lab", 8)])
def test_every_arc_points_down_and_every_package_says_what_it_is_for(container, least):
    packages = import_graph.packages(container, ROOT)
    layer = {package.name: package.layer for package in packages}
    assert len(packages) >= least
    assert all(package.about.endswith(".") and package.modules for package in packages)
    upwards = [(one.name, other) for one in packages for other in one.imports if layer[other] <= one.layer]
    assert upwards == []
    assert sum(len(package.imports) for package in packages) > least


def test_a_container_without_a_contract_is_one_line(tmp_path):
    (tmp_path / "pyproject.toml").write_text("[tool.x]\n")
    with pytest.raises(SiteError, match="no contract of type 'layers' has the container 'toy'"):
        import_graph.packages("toy", tmp_path)


def test_a_package_without_a_docstring_is_one_line(tmp_path):
    (tmp_path / "toy").mkdir()
    (tmp_path / "toy/__init__.py").write_text("x = 1\n")
    with pytest.raises(SiteError, match="toy/__init__.py: has no docstring"):
        import_graph._about("", "toy", tmp_path)
