"""The toy engine as fixtures: not fetched yet, and unpacked."""

import hashlib

import pytest
from tests.scripts.toy import ENGINE, MANIFEST, Toy, archive

from scripts.pins import Pin


@pytest.fixture
def bare_toy(tmp_path) -> Toy:
    """The toy with its sources not fetched yet."""
    artifact = archive({"engine.py": ENGINE, "__init__.py": ""})
    pin = Pin("toy", "Toy", "1.0", "v1.0", "someone/toy", "toy", "toy-1.0.tar.gz", "toy-1.0/toy", len(artifact), 1000,
              hashlib.sha256(artifact).hexdigest())
    (tmp_path / "snippets").mkdir()
    made = Toy(tmp_path, pin, artifact)
    made.write_pins()
    made.write_manifest(MANIFEST)
    return made


@pytest.fixture
def toy(bare_toy) -> Toy:
    """The toy with its sources unpacked."""
    bare_toy.install()
    return bare_toy
