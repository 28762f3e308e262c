"""`/// settings`: the settings of the page's manifest with their defaults, read from the pinned source at build.

`/// settings | 01` shows those of post 01 on any other page.
"""

from pathlib import Path

from markdown import Markdown

from scripts.common.errors import SiteError
from scripts.quotes import engine_defaults
from scripts.quotes.manifest import Manifest
from scripts.render.page import templates
from scripts.render.page.block import PageBlock, register_block
from scripts.render.page.build_context import Context
from scripts.render.page.html import Inline


class SettingsBlock(PageBlock):
    """The argument is a post's number, or left out for the page's own manifest."""

    NAME = "settings"
    ARGUMENT = None

    def html(self) -> str:
        context = self.context
        manifest = self._manifest()
        settings = engine_defaults.parse(manifest)
        if not settings:
            raise SiteError(f"no [[setting]] is in {manifest.file}; add one, or remove the block")
        if manifest.file in context.settings_shown:
            raise SiteError(f"the settings of {manifest.file} are shown twice; link to #setting-... the second time")
        context.settings_shown.append(manifest.file)
        defaults = [engine_defaults.read(setting, context.resolver.tables) for setting in settings.values()]
        return table_html(defaults, context.inline)

    def _manifest(self) -> Manifest:
        if self.argument:
            return engine_defaults.numbered(self.argument, self.context.root)
        # The ledger finds a page's own manifest by its name alone.
        if self.context.manifest is None or self.context.post != Path(self.context.page).stem:
            raise SiteError("no manifest is called as the page is; write '/// settings | NN' with the number of one")
        return self.context.manifest


def table_html(defaults: list[engine_defaults.Default], inline: Inline) -> str:
    """The table; `inline` makes HTML of inline Markdown."""
    pins = {default.pin.engine: f"{default.pin.name} {default.pin.tag}" for default in defaults}
    caption = f"Defaults as the build read them in {' and '.join(pins.values())}"
    return templates.render("engine_defaults.html", caption=caption, defaults=defaults, inline=inline)


def register(md: Markdown, context: Context) -> None:
    """Adds the block."""
    register_block(md, SettingsBlock, context)
