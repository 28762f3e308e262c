"""The toy engine as fixtures: not fetched yet, and unpacked."""

import pytest

from tests.scripts.fixtures.toy_engine import Toy, make_toy


@pytest.fixture
def bare_toy(tmp_path) -> Toy:
    """The toy with its sources not fetched yet."""
    return make_toy(tmp_path)


@pytest.fixture
def toy(bare_toy) -> Toy:
    """The toy with its sources unpacked."""
    bare_toy.install()
    return bare_toy
