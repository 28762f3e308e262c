"""What stands in a post's manifest, as typed objects: excerpts with notes, call paths with hops, settings,
replays, compares.

Each is a `Table`, whose fields are the table's keys; where a field has another name than its key, the key says so.
`file`, or `manifest`, is the manifest a table stands in. "" and () stand for what is left out.
"""

from pathlib import Path
from typing import Annotated

from msgspec import Meta, field
from msgspec.structs import force_setattr

from scripts.common.toml_tables import Id, Table, Text, refused

Digest = Annotated[
    str,
    Meta(
        pattern=r"^sha256:[0-9a-f]{64}\Z",
        extra=refused("digest is not 'sha256:' and 64 digits; remove it and run `make pin`"),
    ),
]
Fold = Annotated[
    tuple[Text, Text],
    Meta(extra=refused('fold is not a list of ["first line", "last line"]; correct {value!r}')),
]
Nth = Annotated[
    int, Meta(ge=1, extra=refused("nth is {value}, and lines that read alike are counted from 1; correct it"))
]


class Note(Table, frozen=True):
    """A remark on the lines that hold `at`; its address is #<excerpt>-<id>. `text` is inline Markdown."""

    KIND = "note"
    id: Id
    at: Text
    text: Text


class Excerpt(Table, frozen=True):
    """One quotation as the manifest asks for it."""

    KIND = "excerpt"
    file: str
    id: Id
    engine: Text
    path: Text
    symbol: Text
    start: Text = field(name="from", default="")
    end: Text = field(name="to", default="")
    folds: tuple[Fold, ...] = field(name="fold", default=())
    digest: Digest = ""
    notes: tuple[Note, ...] = field(name="note", default=())

    @property
    def where(self) -> str:
        """How an error names it."""
        return f"{self.file}: excerpt '{self.id}'"


class Hop(Table, frozen=True):
    """One function on a path, or one line of it. `roles` maps a configuration to the process role it is claimed in;
    `not_in` are the configurations in which the line is claimed not to have run."""

    KIND, BEFORE = "hop", ", "
    id: Id
    symbol: Text
    does: Text
    roles: dict[str, Text] = field(name="in", default_factory=dict)
    stated_kind: Text = field(name="kind", default="")
    excerpt: Text = ""
    crosses: Text = ""
    line: Text = ""
    nth: Nth = 0
    not_in: tuple[Text, ...] = ()

    def __post_init__(self) -> None:
        for name in ("does", "crosses", "line"):
            force_setattr(self, name, getattr(self, name).strip())

    @property
    def kind(self) -> str:
        """One of call_paths.KINDS."""
        return self.stated_kind or "start"

    @property
    def configurations(self) -> tuple[str, ...]:
        """Every configuration it claims something of."""
        return (*self.roles, *self.not_in)

    @property
    def file(self) -> str:
        return self.symbol.partition("::")[0]

    @property
    def name(self) -> str:
        return self.symbol.partition("::")[2].partition("#")[0]

    @property
    def recorded(self) -> str:
        """The symbol as a recording has it: a code object's line, not its name, says which redefinition it is."""
        return self.symbol.partition("#")[0].replace(".<locals>", "")


class CallPath(Table, frozen=True):
    """One engine's path as its manifest claims it; hops in the order they are entered."""

    KIND = "path"
    manifest: str
    id: Id
    title: Text
    engine: Text
    configurations: tuple[Text, ...]
    hops: tuple[Hop, ...] = field(name="hop")

    @property
    def where(self) -> str:
        """How an error names it."""
        return f"{self.manifest}: path '{self.id}'"


class Setting(Table, frozen=True):
    """One `[[setting]]`; `name` is the flag or variable as a user writes it.

    `shown` maps the source's words to the page's (True to on); empty shows the source's. `where`, inline Markdown
    beside the default, says under what condition it is that; `who`, inline Markdown, who should change it.
    """

    KIND = "setting"
    file: str
    id: Id
    engine: Text
    name: Text
    path: Text
    symbol: Text
    value: Text
    who: Text
    shown: dict[str, Text] = field(default_factory=dict)
    where: Text = ""

    @property
    def place(self) -> str:
        """How an error names it."""
        return f"{self.file}: setting '{self.id}'"

    @property
    def anchor(self) -> str:
        """The fragment of its row."""
        return f"setting-{self.id}"


class Because(Table, frozen=True):
    """What is said when an event occurs, and the line that decided it: the one of `excerpt` that holds `at`."""

    KIND, NAME = "because", "event"
    event: Text
    excerpt: Text
    at: Text
    text: Text


class Mark(Table, frozen=True):
    """A step worth a look. `text` is inline Markdown; the address is #replay-<replay>-<mark>."""

    KIND = "mark"
    id: Id
    step: int
    text: Text


class Replay(Table, frozen=True):
    """A replay as the manifest asks for it; `record` is called as claims call one, "NN/measurement"."""

    KIND = "replay"
    file: str
    id: Id
    record: Text
    title: Text
    reasons: tuple[Because, ...] = field(name="because")
    marks: tuple[Mark, ...] = field(name="mark")

    @property
    def because(self) -> dict[str, Because]:
        """The reasons by event."""
        return {reason.event: reason for reason in self.reasons}

    @property
    def where(self) -> str:
        """How an error names it."""
        return f"{self.file}: replay '{self.id}'"

    @property
    def place(self) -> str:
        """Where its data lies below the site's root: the post's number tells two of one name apart."""
        return f"data/replays/{Path(self.file).name.partition('-')[0]}-{self.id}.json"


class Compare(Table, frozen=True):
    """Two runs of the same requests, side by side. `a` and `b` name a record or a replay of the manifest; `setting` is
    inline Markdown, how a user changes what differs; `because`, inline Markdown, why the right answer is right."""

    KIND = "compare"
    file: str
    id: Id
    title: Text
    a: Text
    b: Text
    question: Text
    answers: tuple[Text, ...]
    right: Text
    because: Text
    marks: tuple[Mark, ...] = field(name="mark")
    setting: Text = ""

    @property
    def where(self) -> str:
        """How an error names it."""
        return f"{self.file}: compare '{self.id}'"

    @property
    def place(self) -> str:
        """Where its data lies below the site's root."""
        return f"data/replays/{Path(self.file).name.partition('-')[0]}-compare-{self.id}.json"
