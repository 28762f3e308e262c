"""What the blocks of a page share: which page it is, its manifest, the pinned sources, what has been used."""

import logging
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import markdown

from scripts.common.errors import SiteError
from scripts.quotes import engine_defaults, replays
from scripts.quotes import manifest as manifests
from scripts.quotes.excerpts import Resolved, Resolver
from scripts.quotes.manifest import Manifest
from scripts.sources.pins import ROOT, Pin

log = logging.getLogger("scripts.render")


@dataclass
class Context:
    """State of a build, shared by every block of every page.

    A MkDocs hook uses it so:

        context = Context()
        on_config:         config.markdown_extensions.append(PageExtension(context)); context.start_build()
        on_page_markdown:  context.start_page(page.file.src_uri, page.meta)

    Everything else happens inside the extension: a page that asks for an unknown excerpt, or leaves one of its
    manifest unused, raises SiteError while it is converted. `page` is a path below docs/; `repo_url` is this
    repository's address, where a reader reports an error.
    """

    root: Path = ROOT
    page: str = ""
    post: str = ""
    repo_url: str = ""
    manifest: Manifest | None = None
    used: list[str] = field(default_factory=list)
    used_by_page: dict[str, list[str]] = field(default_factory=dict)
    settings_shown: list[str] = field(default_factory=list)
    replays_shown: list[str] = field(default_factory=list)
    replay_data: dict[str, str] = field(default_factory=dict)  # address below the site's root -> JSON, of this build

    def start_build(self) -> None:
        """Forgets what was read, so that an edited pin, manifest or record is seen by the next page."""
        self.__dict__.pop("resolver", None)
        self.__dict__.pop("_inline", None)
        self.used_by_page.clear()
        self.replay_data.clear()

    def start_page(self, page: str, meta: dict | None = None) -> None:
        """Names the page about to be converted, by its path below docs/, and finds its manifest.

        That is snippets/<stem>.toml, or the one that `snippets: <stem>` in the front matter names; a page without
        either has none.
        """
        named = (meta or {}).get("snippets")
        self.page = page
        self.post = named or Path(page).stem
        self.manifest = None
        if named or manifests.has(self.post, self.root):
            self.manifest = manifests.load(self.post, self.root)
        self.used = []
        self.settings_shown = []
        self.replays_shown = []

    @property
    def source(self) -> str:
        """How an error names the page: its file."""
        return f"docs/{self.page}"

    @cached_property
    def resolver(self) -> Resolver:
        """Resolves excerpts; reads pins.toml on first use."""
        return Resolver(root=self.root)

    @property
    def pins(self) -> dict[str, Pin]:
        """The pins by engine id."""
        return self.resolver.sources.pins

    def excerpt(self, name: str) -> Resolved:
        """The excerpt a page embeds, resolved and checked; counts as its use. Raises SiteError."""
        if self.manifest is None:
            raise SiteError(
                f"{self.source}: excerpt '{name}': the page has no manifest; write {manifests.file_of(self.post)}"
            )
        if name in self.used:
            raise SiteError(f"{self.source}: excerpt '{name}' is used twice; link to #{name} the second time")
        resolved = self.resolver.checked(self.manifest.excerpt(name, self.source))
        self.used.append(name)
        if resolved.warning:
            log.warning(resolved.warning)
        return resolved

    def replay(self, name: str, evidence) -> replays.Checked:
        """The replay a page shows, checked against its record and the pinned sources; counts as its use.

        Raises SiteError.
        """
        found = replays.parse(self.manifest) if self.manifest else {}
        if name not in found:
            known = f"use one of {', '.join(found) or 'none, it has no [[replay]]'}"
            raise SiteError(f"is not defined; add it to {manifests.file_of(self.post)} or {known}")
        if name in self.replays_shown:
            raise SiteError(f"is shown twice; link to #replay-{name} the second time")
        self.replays_shown.append(name)
        return replays.check(found[name], self.manifest, evidence.record(found[name].record), self.resolver)

    def finish_page(self) -> None:
        """Raises SiteError for an excerpt, setting or replay that the manifest defines and the page has not used."""
        self.used_by_page[self.page] = list(self.used)
        for name in self.manifest.excerpts if self.manifest else ():
            if name not in self.used:
                raise SiteError(
                    f"{self.manifest.file}: excerpt '{name}' is not used on {self.source}; "
                    f"write '/// excerpt | {name}' there, or remove it"
                )
        if self.manifest and self.manifest.settings and self.manifest.file not in self.settings_shown:
            raise SiteError(
                engine_defaults.unused(next(iter(engine_defaults.parse(self.manifest).values())), self.source)
            )
        for replay in replays.parse(self.manifest).values() if self.manifest else ():
            if replay.id not in self.replays_shown:
                raise SiteError(replays.unused(replay, self.source))

    def inline(self, text: str) -> str:
        """HTML of one paragraph's inline Markdown, {{...}} values included, for captions and notes."""
        html = self._inline.reset().convert(text)
        return html.removeprefix("<p>").removesuffix("</p>")

    @cached_property
    def _inline(self) -> markdown.Markdown:
        from scripts.render.page.extension import PageExtension

        return markdown.Markdown(extensions=[PageExtension(self, nested=True)])
