"""The templates of the pages that are made of rows, scripts/render/templates/: whatever they are given is escaped.

HTML that was made elsewhere, of inline Markdown or a figure, is said to be `safe` in the template itself. A name that a
template uses and is not given is an error.
"""

import io
import re
import traceback
from collections.abc import Iterable, Iterator
from pathlib import Path

import jinja2
from jinja2.bccache import Bucket
from jinja2.ext import Extension
from jinja2.lexer import Token, TokenStream

from scripts.common.errors import SiteError
from scripts.render.page.html import Html, escaped

FOLDER = Path(__file__).parents[1] / "templates"
NAME = "scripts/render/templates"  # how errors call it
_BREAK = re.compile(r"\s*\n\s*")


class LineBreaks(Extension):
    """A template's line breaks and indentation are for who reads it, and the page is as if it had none.

    Beside a tag, HTML's or a template's, a line break is nothing; within text and between attributes it is a space. A
    space that a page shall have beside a tag stands on the tag's own line.
    """

    def filter_stream(self, stream: TokenStream) -> Iterable[Token]:
        for token in stream:
            yield Token(token.lineno, token.type, joined(token.value)) if token.type == "data" else token


def joined(text: str) -> str:
    """The text between two tags of a template without its line breaks."""

    def instead(line_break: re.Match[str]) -> str:
        before, after = text[: line_break.start()], text[line_break.end() :]
        beside_tag = not before or not after or before.endswith(">") or after.startswith("<")
        return "" if beside_tag else " "

    return _BREAK.sub(instead, text)


def shown(value: object) -> object:
    """What a template puts on the page for a value: `escaped`, so that templates and other code write the same."""
    return value if hasattr(value, "__html__") else Html(escaped(str(value)))


def breakable(path: str) -> Html:
    """A path that may be broken after a slash, as on a phone it must."""
    return Html(escaped(path).replace("/", "/<wbr>"))


def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=shown,
        extensions=[LineBreaks],
    )
    environment.filters["breakable"] = breakable
    return environment


ENVIRONMENT = _environment()  # keeps compiled templates, and reads one again that was edited


class Compiled(jinja2.BytecodeCache):
    """Other people's templates, compiled once while this process runs: they make an environment for each notebook and
    each build."""

    known: dict[str, tuple[str, bytes]] = {}  # of all environments; a template's place is its key

    def load_bytecode(self, bucket: Bucket) -> None:
        checksum, code = self.known.get(bucket.key, ("", b""))
        if checksum == bucket.checksum:
            bucket.load_bytecode(io.BytesIO(code))

    def dump_bytecode(self, bucket: Bucket) -> None:
        self.known[bucket.key] = bucket.checksum, bucket.bytecode_to_string()


def keep_compiled(folder: Path) -> None:
    """Keeps compiled templates in `folder` for the next build, too: compiling takes longer than filling them."""
    folder.mkdir(parents=True, exist_ok=True)
    ENVIRONMENT.bytecode_cache = jinja2.FileSystemBytecodeCache(str(folder))


def render(name: str, **values: object) -> str:
    """The HTML of the template `name`, filled with `values`. Raises SiteError for a template that is wrong."""
    try:
        return ENVIRONMENT.get_template(name).render(values)
    except jinja2.TemplateError as error:
        raise SiteError(f"{NAME}/{_place(error, name)}: {error}; correct the template, or what it is given") from error


def _place(error: jinja2.TemplateError, name: str) -> str:
    """The file and line of a template's mistake, as far as they are known."""
    if isinstance(error, jinja2.TemplateSyntaxError):
        return f"{error.name or name}:{error.lineno}"
    return next(_template_lines(error), name)


def _template_lines(error: jinja2.TemplateError) -> Iterator[str]:
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if Path(frame.filename).parent == FOLDER:
            yield f"{Path(frame.filename).name}:{frame.lineno}"
