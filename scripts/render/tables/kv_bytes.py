"""`/// kv-bytes`: bytes a token for named models, the multiplication in full, and how far a pool of one GiB goes."""

from dataclasses import dataclass

from markdown import Markdown

from experiments.formats.value_format import number
from scripts.catalog import kv_bytes
from scripts.catalog.kv_bytes import Model
from scripts.render.page import templates
from scripts.render.page.block import PageBlock, register_block
from scripts.render.page.build_context import Context
from scripts.render.page.data_files import address

REQUEST = 8192  # tokens of the request that the table works out


class KvBytesBlock(PageBlock):
    """Takes no argument."""

    NAME = "kv-bytes"
    ARGUMENT = False

    def html(self) -> str:
        rows = [_row(model) for model in kv_bytes.load(self.evidence.root)]
        checked = [self._check(model) for model in kv_bytes.load(self.evidence.root) if model.record]
        return templates.render("kv_bytes.html", rows=rows, checked=checked, request=f"{REQUEST:,}", root=self.root)

    def _check(self, model: Model) -> "Check":
        record = self.evidence.record(model.record)
        server = kv_bytes.checked(model, record)
        tokens = model.tokens_in(server.given)
        return Check(model.name, f"{server.given:,}", f"{tokens:,}", f"{server.said:,}", address(record.path))


@dataclass(frozen=True)
class Row:
    """A model's numbers, as they are written."""

    name: str
    dtype: str
    sum: str
    token: str
    gib: str
    request: str


@dataclass(frozen=True)
class Check:
    """What a server was given and said, beside the multiplication; `url` is its record below the site's root."""

    name: str
    given: str
    tokens: str
    said: str
    url: str


def _row(model: Model) -> Row:
    return Row(
        model.name,
        model.dtype,
        model.sum,
        f"{model.token_bytes:,}",
        f"{model.tokens_in(kv_bytes.GIB):,}",
        number(model.request_gib(REQUEST)),
    )


def register(md: Markdown, context: Context) -> None:
    """Adds the block."""
    register_block(md, KvBytesBlock, context)
