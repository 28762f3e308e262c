"""What a token's keys and values take in the cache, worked out from a model's published configuration.

snippets/models.toml has the four numbers of each model. For a model whose attention keeps a key and a value a head both
engines count alike: 2 x layers x KV heads x head size x bytes of a value (docs/symptoms.md quotes their lines).
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from msgspec import Meta

from scripts.common import toml_tables
from scripts.common.errors import SiteError
from scripts.common.paths import ROOT
from scripts.common.toml_tables import Id, Table, Text, refused
from scripts.measured.record_reader import Record

FILE = "snippets/models.toml"
GIB = 2**30
APART = 0.01  # of a pool: what its last block leaves over, and the block that an engine keeps for itself
GIVEN = "--kv-cache-memory-bytes"  # the flag by which a server is given its pool in bytes
Count = Annotated[int, Meta(ge=1, extra=refused("{key} is {value}, and counts at least one; correct it"))]


class Model(Table, frozen=True):
    """A model's published configuration, as far as the cache depends on it. `record` is one of a server that was given
    its pool in bytes, "" without one."""

    KIND = "model"
    id: Id
    name: Text
    layers: Count
    kv_heads: Count
    head_dim: Count
    value_bytes: Count
    dtype: Text
    record: str = ""

    @property
    def token_bytes(self) -> int:
        """Bytes of one token's keys and values, in all layers."""
        return 2 * self.layers * self.kv_heads * self.head_dim * self.value_bytes

    @property
    def sum(self) -> str:
        """The multiplication, as it is written down."""
        factors = (self.layers, self.kv_heads, self.head_dim, self.value_bytes)
        return " × ".join(map(str, (2, *factors)))

    def tokens_in(self, pool_bytes: int) -> int:
        """How many tokens a pool of so many bytes holds."""
        return pool_bytes // self.token_bytes

    def request_gib(self, tokens: int) -> float:
        """GiB of a request of so many tokens."""
        return tokens * self.token_bytes / GIB


@dataclass(frozen=True)
class Server:
    """What a server was given, in bytes, and the tokens that it said its pool has."""

    given: int
    said: int


def load(root: Path = ROOT) -> list[Model]:
    """Every model, in file order; none where there is no file. Raises SiteError."""
    try:
        text = (root / FILE).read_text("utf-8")
    except FileNotFoundError:
        return []
    tables = toml_tables.parse(text, FILE)
    for key, value in tables.items():
        if key != "model" or not isinstance(value, list):
            raise SiteError(f"{FILE}: '{key}' is nothing that it holds; write [[model]]")
    return list(toml_tables.by_name(toml_tables.read_each(tables.get("model", []), Model, FILE), FILE).values())


def server(record: Record) -> Server:
    """The server of a record that was given its pool in bytes. Raises SiteError for a record of another kind."""
    command = [str(part) for part in record.data["command"]]
    pools = [sample["values"][0] for sample in record.data["samples"] if sample["name"] == "pool"]
    if GIVEN not in command[:-1] or not pools:
        raise SiteError(
            f"{record.path}: has no pool in bytes and in tokens; name a record of a server with {GIVEN} in {FILE}"
        )
    return Server(int(command[command.index(GIVEN) + 1]), int(pools[0]))


def checked(model: Model, record: Record) -> Server:
    """The server of the model's record, whose pool holds as many tokens as the model's numbers make of its bytes.
    Raises SiteError where it holds others: then the numbers are not this model's."""
    found = server(record)
    tokens = model.tokens_in(found.given)
    if not 0 <= tokens - found.said <= APART * found.said:
        raise SiteError(
            f"{FILE}: model '{model.id}': {model.sum} bytes a token make {tokens:,} tokens of the {found.given:,} "
            f"bytes that the server in {record.path} was given, which said {found.said:,}; correct the model's numbers"
        )
    return found
