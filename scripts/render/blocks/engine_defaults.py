"""`/// settings`: the settings of the page's manifest with their defaults, read from the pinned source at build.

`/// settings | 01` shows those of post 01 on any other page.
"""

from pathlib import Path

from scripts.common.errors import SiteError
from scripts.measured.inline_figures import escaped
from scripts.quotes import engine_defaults
from scripts.render.page.block import PageBlock, register_block

HEAD = ("setting", "default at the pin", "decided in", "who should change it")


class SettingsBlock(PageBlock):
    """The argument is a post's number, or left out for the page's own manifest."""

    NAME = "settings"
    ARGUMENT = None

    def html(self) -> str:
        context = self.context
        # The ledger finds a page's own manifest by its name alone.
        if not self.argument and (context.manifest is None or context.post != Path(context.page).stem):
            raise SiteError("no manifest is called as the page is; write '/// settings | NN' with the number of one")
        manifest = engine_defaults.numbered(self.argument, context.root) if self.argument else context.manifest
        wanted = engine_defaults.parse(manifest)
        if not wanted:
            raise SiteError(f"no [[setting]] is in {manifest.file}; add one, or remove the block")
        if manifest.file in context.settings_shown:
            raise SiteError(f"the settings of {manifest.file} are shown twice; link to #setting-... the second time")
        context.settings_shown.append(manifest.file)
        defaults = [engine_defaults.read(setting, context.resolver.tables) for setting in wanted.values()]
        return table_html(defaults, context.inline)


def table_html(defaults: list[engine_defaults.Default], inline) -> str:
    """The table in a box of its own, which scrolls where the table is wider than the page."""
    pins = {default.pin.engine: f"{default.pin.name} {default.pin.tag}" for default in defaults}
    caption = f"Defaults as the build read them in {' and '.join(pins.values())}"
    head = "".join(f'<th scope="col">{name}</th>' for name in HEAD)
    rows = "".join(_row(default, inline) for default in defaults)
    return (
        f'<div class="table-scroll settings" tabindex="0" role="region" aria-label="{escaped(caption)}">'
        f'<table class="data"><caption>{escaped(caption)}</caption><thead><tr>{head}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div>"
    )


def _row(default: engine_defaults.Default, inline) -> str:
    setting = default.setting
    where = f" <small>{inline(setting.where)}</small>" if setting.where else ""
    lines = default.lines.replace("-", "\N{EN DASH}")
    # <wbr>: a path may be broken after a slash.
    place = escaped(f"{setting.path}:{lines}").replace("/", "/<wbr>")
    return (
        f'<tr id="{setting.anchor}">'
        f'<th scope="row">{escaped(default.pin.name)} <code>{escaped(setting.name)}</code></th>'
        f"<td><code>{escaped(default.value)}</code>{where}</td>"
        f'<td><a href="{escaped(default.permalink)}"><code>{place}</code></a></td><td>{inline(setting.who)}</td></tr>'
    )


def register(md, context) -> None:
    """Adds the block."""
    register_block(md, SettingsBlock, context)
