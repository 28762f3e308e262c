"""A toy engine with its own pin, manifest and sources, made as the real ones are, from an archive."""

import hashlib
import io
import tarfile
from dataclasses import dataclass, replace
from pathlib import Path

from scripts import pins, sources
from scripts.pins import Pin

ENGINE = '''\
"""A toy engine."""

LIMIT = 4


class Engine:
    """Runs."""

    @property
    def busy(self):
        return bool(self.queue)

    def step(self, budget):
        """One step.

        It has a docstring.
        """
        # Running requests first.
        done = 0
        while self.queue and budget > 0:
            request = self.queue.pop(0)
            if request.stopped:
                continue
            budget -= request.tokens
            done += 1
        # Then what waits.
        for request in self.waiting:
            if request.tokens > budget:
                break
            budget -= request.tokens
            done += 1
        return done < LIMIT and "<b>&amp;"


if LIMIT:
    def helper():
        return 1
else:
    def helper():
        return 2
'''
MANIFEST = """\
# What the toy post quotes.
[[excerpt]]
id = "step-first"
engine = "toy"
path = "toy/engine.py"
symbol = "Engine.step"
from = "# Running requests first."   # where it starts
to = "done += 1"

[[excerpt.note]]
id = "budget"
at = "budget > 0"
text = "One *budget*."
"""


@dataclass
class Toy:
    """A checkout with one engine: `root` the repository, `pin` its pin, `artifact` the archive's bytes."""

    root: Path
    pin: Pin
    artifact: bytes

    @property
    def sources(self) -> sources.Sources:
        return sources.Sources({"toy": self.pin}, self.root)

    def write_manifest(self, text: str, post: str = "01-toy") -> Path:
        path = self.root / "snippets" / f"{post}.toml"
        path.write_text(text)
        return path

    def release(self, files: dict[str, str]) -> None:
        """Moves the pin to another release, which holds `files`."""
        self.artifact = archive(files)
        self.pin = replace(self.pin, sha256=hashlib.sha256(self.artifact).hexdigest(), bytes=len(self.artifact))
        self.write_pins()
        self.install()

    def write_pins(self) -> None:
        values = {key: value for key, value in vars(self.pin).items() if key != "engine"}
        lines = [
            f"{key} = {value if isinstance(value, int) else chr(34) + value + chr(34)}" for key, value in values.items()
        ]
        (self.root / pins.FILE).write_text("# pins\n[toy]\n" + "\n".join(lines) + "\n")

    def install(self) -> None:
        """Unpacks the artifact into the cache, as a fetch would."""
        path = self.root / "artifact"
        path.write_bytes(self.artifact)
        sources.cache_folder(self.root).mkdir(parents=True, exist_ok=True)
        sources.unpack(self.pin, path, sources.folder_of(self.pin, self.root))


def archive(files: dict[str, str], inside: str = "toy-1.0/toy") -> bytes:
    """An sdist that holds `files` below `inside`, and things nobody should unpack."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        entries = {f"{inside}/{name}": text for name, text in files.items()}
        entries |= {
            "toy-1.0/setup.py": "raise SystemExit('built')",
            f"{inside}/data.bin": "x",
            f"{inside}/../../out.py": "1",
        }
        for name, text in entries.items():
            info = tarfile.TarInfo(name)
            info.size = len(text.encode())
            tar.addfile(info, io.BytesIO(text.encode()))
    return buffer.getvalue()


def make_toy(root: Path) -> Toy:
    """The toy below `root`, its sources not fetched yet."""
    artifact = archive({"engine.py": ENGINE, "__init__.py": ""})
    pin = Pin(
        "toy",
        "Toy",
        "1.0",
        "v1.0",
        "someone/toy",
        "toy",
        "toy-1.0.tar.gz",
        "toy-1.0/toy",
        len(artifact),
        1000,
        hashlib.sha256(artifact).hexdigest(),
    )
    (root / "snippets").mkdir()
    made = Toy(root, pin, artifact)
    made.write_pins()
    made.write_manifest(MANIFEST)
    return made
