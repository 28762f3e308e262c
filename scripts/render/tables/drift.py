"""`/// drift`: every committed comparison with another release, post by post.

The tables come from the committed comparisons alone. Where both releases lie in the cache, after `make drift`, a piece
that changed leads to its lines on a page of that release; a clone that has never run it builds the same page without.
"""

from dataclasses import dataclass
from pathlib import Path

from markdown import Markdown
from msgspec.structs import replace

from scripts.catalog.site_data import Evidence
from scripts.drift import compare_releases
from scripts.drift.classify import STATES
from scripts.drift.comparison_files import Comparison
from scripts.pages import reading_order
from scripts.pages.references import page_url
from scripts.render.page import data_files, templates
from scripts.render.page.block import PageBlock, register_block
from scripts.render.page.build_context import Context
from scripts.render.tables import drift_lines
from scripts.render.tables.drift_lines import Link
from scripts.sources.pins import Pin

OTHER_PAGES = {  # of manifests that belong to no post: title, page, and what ends the address of its row
    "00-metrics": ("Metrics", "reference/metrics.md", "00"),
    "00-symptoms": ("I see X", "symptoms.md", "symptoms"),
}
WORDS = {
    "same": "same text, same lines",
    "moved": "same text, other lines or another file",
    "changed": "other text",
    "gone": "not there any more",
}


class DriftBlock(PageBlock):
    """Takes no argument."""

    NAME = "drift"
    ARGUMENT = False

    def html(self) -> str:
        return page_html(self.evidence, self.root)


@dataclass(frozen=True)
class PostCounts:
    """A post's row: how many of its excerpts and hops are in each of STATES. `url` is below the site's root."""

    anchor: str
    title: str
    url: str
    counts: list[int]


@dataclass(frozen=True)
class Row:
    """What became of a piece. `home` is where the site shows it, below its root, "" where it is nowhere; `there` is
    None where it was not found; `lines` is where the changed lines are, below the site's root, "" where nowhere."""

    state: str
    kind: str
    name: str
    home: str
    here: Link
    there: Link | None
    added: int
    removed: int
    guess: bool
    remarks: list[str]
    lines: str


@dataclass(frozen=True)
class Section:
    """A release: `look` is what somebody has to look at, `moved` what merely moved, both (post's title, rows)."""

    anchor: str
    name: str
    version: str
    caption: str
    file: str
    posts: list[PostCounts]
    recordings: dict[str, str]
    builds: str
    look: list[tuple[str, list[Row]]]
    moved: list[tuple[str, list[Row]]]

    @property
    def moved_count(self) -> int:
        return sum(len(rows) for _, rows in self.moved)


def page_html(evidence: Evidence, root: str) -> str:
    """`root` is the way from the page to the site's root."""
    titles = {post.slug: post.title for post in reading_order.load(evidence.root)}
    releases = [_section(comparison, evidence, titles) for comparison in evidence.comparisons]
    states = {state: WORDS[state] for state in STATES}
    return templates.render("drift.html", releases=releases, states=states, root=root)


def _section(comparison: Comparison, evidence: Evidence, titles: dict[str, str]) -> Section:
    data, pin = comparison.data, evidence.pins[comparison.engine]
    other = replace(pin, **data["to"])
    manifests = list(dict.fromkeys(entry["manifest"] for entry in data["entries"]))
    at_hand = drift_lines.releases(comparison, evidence) is not None
    look, moved = [], []
    for manifest in manifests:
        title = page_of(manifest, titles)[0]
        entries = comparison.of(manifest)
        loud = [_row(entry, pin, other, evidence, comparison if at_hand else None) for entry in entries if _loud(entry)]
        quiet = [
            _row(entry, pin, other, evidence, None)
            for entry in entries
            if entry["state"] == "moved" and not _loud(entry)
        ]
        look += [(title, loud)] if loud else []
        moved += [(title, quiet)] if quiet else []
    recordings, quoted = data["recordings"], f"{data['name']} {data['from']['version']}"
    return Section(
        comparison.anchor,
        data["name"],
        comparison.version,
        f"Excerpts and hops of {quoted}, which the posts quote, in {comparison.version}",
        Path(comparison.file).name,
        [_post_counts(comparison, manifest, titles) for manifest in manifests],
        {name: data_files.address(recording["record"]) for name, recording in recordings.items()},
        ", ".join(dict.fromkeys(recording["build"] for recording in recordings.values())),
        look,
        moved,
    )


def _post_counts(comparison: Comparison, manifest: str, titles: dict[str, str]) -> PostCounts:
    entries = comparison.of(manifest)
    title, page, end = page_of(manifest, titles)
    counts = [sum(entry["state"] == state for entry in entries) for state in STATES]
    return PostCounts(f"{comparison.anchor}-{end}", title, page_url(page), counts)


def page_of(manifest: str, titles: dict[str, str]) -> tuple[str, str, str]:
    """The title of the page that quotes a manifest's excerpts, the page, and the end of its row's address."""
    slug = Path(manifest).stem
    if slug in titles:
        return titles[slug], f"posts/{slug}.md", slug.partition("-")[0]
    return OTHER_PAGES.get(slug, (slug, "reference/metrics.md", slug))


def _loud(entry: dict) -> bool:
    return entry["state"] in ("changed", "gone") or entry["guess"] or compare_releases.OFF in entry["path"].values()


def _row(entry: dict, pin: Pin, other: Pin, evidence: Evidence, comparison: Comparison | None) -> Row:
    """`comparison` is the one whose pages show changed lines, None where none do."""
    then, now = entry["then"], entry["now"]
    remarks = [entry["remark"]] if entry["remark"] else []
    remarks += [f"{name}: {state}" for name, state in entry["path"].items() if state != compare_releases.UNKNOWN]
    return Row(
        entry["state"],
        entry["kind"],
        entry["id"].partition("/")[2],
        drift_lines.home(entry, evidence),
        drift_lines.link(pin, then),
        drift_lines.link(other, now, then) if now else None,
        entry["added"],
        entry["removed"],
        entry["guess"],
        remarks,
        drift_lines.url(entry, comparison) if comparison and drift_lines.are_shown(entry) else "",
    )


def register(md: Markdown, context: Context) -> None:
    """Adds the block."""
    register_block(md, DriftBlock, context)
