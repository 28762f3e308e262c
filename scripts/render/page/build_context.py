"""What the blocks of a page share: which page it is, its manifest, the pinned sources, what has been used."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import markdown

from scripts.catalog import site_data
from scripts.common.errors import SiteError
from scripts.common.paths import ROOT
from scripts.quotes import compares, engine_defaults, replays
from scripts.quotes import manifest as manifests
from scripts.quotes.excerpts import Resolved, Resolver, unused
from scripts.quotes.manifest import Manifest

log = logging.getLogger("scripts.render")
Shown = TypeVar("Shown")


@dataclass
class Context:
    """State of a build, shared by every block of every page.

    Who converts pages uses it so:

        context = Context()
        context.start_build()
        context.start_page(name, meta)
        markdown.Markdown(extensions=[PageExtension(context)]).convert(text)

    Everything else happens inside the extension: a page that asks for an unknown excerpt, or leaves one of its
    manifest unused, raises SiteError while it is converted. `page` is a path below docs/; `repo_url` is this
    repository's address, where a reader reports an error. `make_inline` is handed in by the extension: it makes a
    converter for a piece of a page, with the page's blocks and references.
    """

    root: Path = ROOT
    page: str = ""
    meta: Mapping[str, Any] = field(default_factory=dict)  # the page's front matter
    post: str = ""
    repo_url: str = ""
    manifest: Manifest | None = None
    used: list[str] = field(default_factory=list)
    used_by_page: dict[str, list[str]] = field(default_factory=dict)
    settings_shown: list[str] = field(default_factory=list)
    replays_shown: list[str] = field(default_factory=list)
    compares_shown: list[str] = field(default_factory=list)
    results: list[str] = field(default_factory=list)  # claims whose card opens below a line of this page
    folded_claims: list[str] = field(default_factory=list)  # claims whose card stands folded on it
    replay_data: dict[str, str] = field(default_factory=dict)  # address below the site's root -> JSON, of this build
    make_inline: Callable[[], markdown.Markdown] | None = None

    def start_build(self) -> None:
        """Forgets what was read, so that an edited pin, manifest or record is seen by the next page."""
        for name in ("evidence", "_inline"):
            self.__dict__.pop(name, None)
        self.used_by_page.clear()
        self.replay_data.clear()

    def start_page(self, page: str, meta: Mapping[str, Any] | None = None) -> None:
        """Names the page about to be converted, by its path below docs/, and finds its manifest.

        That is snippets/<stem>.toml, or the one that `snippets: <stem>` in the front matter names; a page without
        either has none.
        """
        named = (meta or {}).get("snippets")
        self.page = page
        self.meta = meta or {}
        self.post = named or Path(page).stem
        self.manifest = None
        if named or manifests.has(self.post, self.root):
            self.manifest = manifests.load(self.post, self.root)
        self.used = []
        self.settings_shown = []
        self.replays_shown = []
        self.compares_shown = []
        self.results = []
        self.folded_claims = []

    @property
    def source(self) -> str:
        """How an error names the page: its file."""
        return f"docs/{self.page}"

    @property
    def required_manifest(self) -> Manifest:
        """The page's manifest. Raises SiteError for a page that has none; a block says which page and what for."""
        if self.manifest is None:
            raise SiteError(f"the page has no manifest; write {manifests.file_of(self.post)}")
        return self.manifest

    @cached_property
    def evidence(self) -> site_data.Evidence:
        """What was measured and recorded, the pins and the pinned sources, as of this build."""
        return site_data.of(self.root)

    @property
    def resolver(self) -> Resolver:
        """Resolves excerpts in the pinned sources: the evidence's own, so that a build reads each file once."""
        return self.evidence.resolver

    def excerpt(self, name: str) -> Resolved:
        """The excerpt a page embeds, resolved and checked; counts as its use. Raises SiteError."""
        manifest = self.required_manifest
        if name in self.used:
            raise SiteError(f"{self.source}: excerpt '{name}' is used twice; link to #{name} the second time")
        resolved = self.resolver.checked(manifest.excerpt(name, self.source))
        self.used.append(name)
        if resolved.warning:
            log.warning(resolved.warning)
        return resolved

    def replay(self, name: str, evidence: site_data.Evidence) -> replays.Checked:
        """The replay a page shows, checked against its record and the pinned sources; counts as its use.

        Raises SiteError.
        """
        defined = replays.parse(self.manifest) if self.manifest else {}
        replay = self._shown_once(name, "replay", defined, self.replays_shown)
        return replays.check(replay, self.required_manifest, evidence.record(replay.record), self.resolver)

    def compare(self, name: str, evidence: site_data.Evidence) -> compares.Checked:
        """The two runs that a page compares, checked; counts as its use. Raises SiteError."""
        defined = compares.parse(self.manifest) if self.manifest else {}
        compare = self._shown_once(name, "compare", defined, self.compares_shown)
        a, b = (
            evidence.record(compares.record_of(side, compare, self.required_manifest))
            for side in (compare.a, compare.b)
        )
        return compares.check(compare, a, b)

    def _shown_once(self, name: str, kind: str, defined: Mapping[str, Shown], shown: list[str]) -> Shown:
        """What the manifest defines by that name, counted as used. SiteError for none, or one that is used already."""
        if name not in defined:
            known = f"use one of {', '.join(defined) or f'none, it has no [[{kind}]]'}"
            raise SiteError(f"is not defined; add it to {manifests.file_of(self.post)} or {known}")
        if name in shown:
            raise SiteError(f"is shown twice; link to #{kind}-{name} the second time")
        shown.append(name)
        return defined[name]

    def finish_page(self) -> None:
        """Raises SiteError for what the manifest defines and the page has not used, excerpts, settings, replays and
        compares, and for a result whose card is not folded in Evidence, in the order of the text."""
        self.used_by_page[self.page] = list(self.used)
        self._check_results()
        manifest = self.manifest
        if manifest is None:
            return
        for name, excerpt in manifest.excerpts.items():
            if name not in self.used:
                raise SiteError(unused(excerpt, self.source))
        if manifest.settings and manifest.file not in self.settings_shown:
            raise SiteError(engine_defaults.unused(next(iter(engine_defaults.parse(manifest).values())), self.source))
        for replay in replays.parse(manifest).values():
            if replay.id not in self.replays_shown:
                raise SiteError(replays.unused(replay, self.source))
        for compare in compares.parse(manifest).values():
            if compare.id not in self.compares_shown:
                raise SiteError(compares.unused(compare, self.source))

    def _check_results(self) -> None:
        for name in self.results:
            if name not in self.folded_claims:
                raise SiteError(
                    f"{self.source}: result '{name}': its card is not folded; add 'folded: true' to claim '{name}'"
                )
        cards = [name for name in self.folded_claims if name in self.results]
        for line, folded in zip(self.results, cards, strict=True):
            if line != folded:
                raise SiteError(
                    f"{self.source}: claim '{folded}': its card stands where that of '{line}' belongs; "
                    "put the folded cards into the order of the result lines"
                )

    def inline(self, text: str) -> str:
        """HTML of one paragraph's inline Markdown, {{...}} values included, for captions and notes."""
        html = self._inline.reset().convert(text)
        return html.removeprefix("<p>").removesuffix("</p>")

    @cached_property
    def _inline(self) -> markdown.Markdown:
        if self.make_inline is None:
            raise RuntimeError("no page extension has been made for this context")
        return self.make_inline()
