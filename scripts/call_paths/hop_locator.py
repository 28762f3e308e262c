"""Where a release has what a hop names: the function that a recording is checked against."""

from scripts.call_paths import call_path_lines
from scripts.call_paths.call_path_check import Locate
from scripts.call_paths.call_path_lines import Located
from scripts.sources.python_symbols import Tables


def locator(engine: str, tables: Tables) -> Locate:
    """(symbol, where[, line, nth]) -> Located in the sources that `tables` reads; it raises SiteError, begun by
    `where`, for a symbol or line that is not there."""
    sources = tables.sources

    def locate(name: str, where: str, line: str = "", nth: int = 0) -> Located:
        file, _, plain = name.partition("::")
        symbol = tables.find(engine, file, plain, where)
        at = 0
        if line:
            text = sources.text(engine, file, where)
            at = call_path_lines.line_number(text, line, nth, symbol.first, symbol.last, where)
        return Located(symbol.line, symbol.code, sources.digest(engine, file, where), at)

    return locate
