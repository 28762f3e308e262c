"""`/// drift`: every committed comparison with another release, post by post.

The tables come from the committed comparisons alone. The changed text itself is shown where both releases lie in the
cache, after `make drift`; a clone that has never run it builds the same page without.
"""

import functools
from dataclasses import replace
from pathlib import Path

from scripts.drift import compare_releases
from scripts.drift.classify import STATES, Place, Release, dedented
from scripts.drift.comparison_files import Comparison
from scripts.measured.inline_figures import escaped
from scripts.pages import reading_order
from scripts.pages.references import page_url
from scripts.render.page import data_files
from scripts.render.page.block import PageBlock, register_block
from scripts.sources import unpacked_sources
from scripts.sources.pins import Pin

TITLES = {"00": "Metrics"}
LONG_DIFF = 60  # lines; above that a reader is better served by the release itself
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


def page_html(evidence, root: str) -> str:
    """`root` is the way from the page to the site's root."""
    found = evidence.comparisons
    titles = {post.slug: post.title for post in reading_order.load(evidence.root)}
    if not found:
        return '<div class="drift"><p>No other release has been compared; <code>make drift</code> does it.</p></div>'
    return f'<div class="drift">{"".join(_section(each, evidence, root, titles) for each in found)}</div>'


def _section(comparison: Comparison, evidence, root: str, titles: dict) -> str:
    data, pin = comparison.data, evidence.pins[comparison.engine]
    other = replace(pin, **data["to"])
    name = Path(comparison.file).name
    rows = "".join(_post_row(comparison, manifest, root, titles) for manifest in _manifests(comparison))
    head = "".join(f'<th scope="col" title="{WORDS[state]}">{state}</th>' for state in STATES)
    quoted = f"{data['name']} {data['from']['version']}"
    caption = f"Excerpts and hops of {quoted}, which the posts quote, in {comparison.version}"
    return (
        f'<section id="{comparison.anchor}"><h2>{escaped(data["name"])} {escaped(comparison.version)}</h2>'
        f'<div class="table-scroll" tabindex="0" role="region" aria-label="{escaped(caption)}"><table class="data">'
        f'<caption>{escaped(caption)}</caption><thead><tr><th scope="col">post</th>{head}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div>"
        f'<p class="drift-source">{_recorded(data["recordings"], root)} '
        f'<a href="{root}data/drift/{name}">{name}</a></p>'
        f"{_entries(comparison, pin, other, evidence, root, titles)}</section>"
    )


def _recorded(recordings: dict, root: str) -> str:
    """What of this release was recorded, and with which build."""
    if not recordings:
        return "No call path was recorded at this release."
    links = ", ".join(
        f'<a href="{root}{data_files.address(each["record"])}">{escaped(name)}</a>' for name, each in recordings.items()
    )
    builds = ", ".join(dict.fromkeys(escaped(each["build"]) for each in recordings.values()))
    return f"Recorded call paths: {links}, on {builds}."


def _manifests(comparison: Comparison) -> list[str]:
    return list(dict.fromkeys(entry["manifest"] for entry in comparison.data["entries"]))


def _post_row(comparison: Comparison, manifest: str, root: str, titles: dict) -> str:
    mine = comparison.of(manifest)
    slug = Path(manifest).stem
    number = slug.partition("-")[0]
    page = f"posts/{slug}.md" if slug in titles else "reference/metrics.md"
    title = titles.get(slug, TITLES.get(number, slug))
    cells = "".join(f"<td>{sum(entry['state'] == state for entry in mine)}</td>" for state in STATES)
    anchor = f"{comparison.anchor}-{number}"
    return f'<tr id="{anchor}"><th scope="row"><a href="{root}{page_url(page)}">{escaped(title)}</a></th>{cells}</tr>'


def _entries(comparison: Comparison, pin: Pin, other: Pin, evidence, root: str, titles: dict) -> str:
    """What somebody has to look at, open, and what merely moved, closed; each post by post."""
    look, moved, count = "", "", 0
    releases = _cached(pin, other, evidence.root)
    for manifest in _manifests(comparison):
        loud = [entry for entry in comparison.of(manifest) if _loud(entry)]
        quiet = [entry for entry in comparison.of(manifest) if entry["state"] == "moved" and not _loud(entry)]
        title = titles.get(Path(manifest).stem, TITLES.get(Path(manifest).name[:2], manifest))
        look += _body(title, [_row(entry, pin, other, evidence, root, releases) for entry in loud])
        moved += _body(title, [_row(entry, pin, other, evidence, root, None) for entry in quiet])
        count += len(quiet)
    parts = [_table(look, "What reads differently there")] if look else []
    if moved:
        parts.append(f"<details><summary>{count} moved, text unchanged</summary>{_table(moved, 'Moved')}</details>")
    return "".join(parts)


def _loud(entry: dict) -> bool:
    return entry["state"] in ("changed", "gone") or entry["guess"] or compare_releases.OFF in entry["path"].values()


def _body(title: str, rows: list[str]) -> str:
    head = f'<tr><th class="drift-post" colspan="4" scope="rowgroup">{escaped(title)}</th></tr>'
    return f"<tbody>{head}{''.join(rows)}</tbody>" if rows else ""


def _table(bodies: str, caption: str) -> str:
    head = "".join(f'<th scope="col">{name}</th>' for name in ("state", "what", "here", "there"))
    return (
        f'<div class="table-scroll" tabindex="0" role="region" aria-label="{caption}"><table class="data drift-table">'
        f"<caption>{caption}</caption><thead><tr>{head}</tr></thead>{bodies}</table></div>"
    )


def _row(entry: dict, pin: Pin, other: Pin, evidence, root: str, releases) -> str:
    then, now = entry["then"], entry["now"]
    there = [_link(other, now, then)] if now else ["not found"]
    if entry["added"] or entry["removed"]:
        there.append(f'<span class="drift-lines">+{entry["added"]} \N{MINUS SIGN}{entry["removed"]}</span>')
    if entry["guess"]:
        there.append('<span class="drift-guess">a guess: found by its text</span>')
    if entry["remark"]:
        there.append(escaped(entry["remark"]))
    there += [f"{escaped(name)}: {state}" for name, state in entry["path"].items() if state != compare_releases.UNKNOWN]
    name = entry["id"].partition("/")[2]
    home = _home(entry, evidence)
    what = f'<a href="{root}{home}">{escaped(name)}</a>' if home else escaped(name)
    diff = _diff(entry, releases)
    return (
        f'<tr data-state="{entry["state"]}"><td><span class="drift-state">{entry["state"]}</span></td>'
        f'<th scope="row">{what} <small>{entry["kind"]}</small></th><td>{_link(pin, then)}</td>'
        f"<td>{'<br>'.join(there)}{diff}</td></tr>"
    )


def _home(entry: dict, evidence) -> str | None:
    """Where the site shows it, below its root."""
    path, _, hop = entry["id"].partition("/")
    if entry["kind"] == "excerpt":
        return evidence.home_of("excerpt", hop, entry["manifest"])
    home = evidence.home_of("path", path)
    return f"{home.partition('#')[0]}#path-{path}-{hop}" if home else None


def _link(pin: Pin, place: dict, beside: dict | None = None) -> str:
    """`engine.py:12-20`, linked; the folder is left out, and the symbol where it is the one beside it."""
    lines = str(place["first"]) if place["first"] == place["last"] else f"{place['first']}\N{EN DASH}{place['last']}"
    elsewhere = beside is None or place["path"] != beside["path"]
    file = place["path"] if beside and elsewhere else place["path"].rpartition("/")[2]
    named = beside is None or place["symbol"] != beside["symbol"]
    symbol = f" <small>{escaped(place['symbol'])}</small>" if named else ""
    address = escaped(pin.permalink(place["path"], place["first"], place["last"]))
    shown = escaped(file).replace("/", "/<wbr>")
    return f'<a href="{address}"><code>{shown}:{lines}</code></a>{symbol}'


def _diff(entry: dict, releases: tuple | None) -> str:
    """The changed lines, closed; "" where a release is not at hand or too much changed to be read here."""
    if releases is None or entry["state"] != "changed" or entry["added"] + entry["removed"] > LONG_DIFF:
        return ""
    old, new = releases
    lines = compare_releases.difference(_place(old, entry["then"]), _place(new, entry["now"]))
    shown = "".join(f'<span class="{_kind(line)}">{escaped(line)}\n</span>' for line in lines)
    pre = f'<pre data-search-exclude tabindex="0">{shown}</pre>'
    return f'<details class="drift-diff"><summary>diff</summary>{pre}</details>'


def _kind(line: str) -> str:
    return {"+": "drift-plus", "-": "drift-minus", "@": "drift-hunk"}.get(line[:1], "drift-context")


def _place(release: Release, place: dict) -> Place:
    symbol = release.symbol(place["path"], place["symbol"])
    if symbol is not None:
        return release.place(place["path"], symbol, place["first"], place["last"])
    lines = tuple(release.lines(place["path"])[place["first"] - 1 : place["last"]])
    return Place(place["path"], place["symbol"], place["first"], place["last"], lines, dedented(lines, 0))


def _cached(pin: Pin, other: Pin, root: Path) -> tuple[Release, Release] | None:
    """Both releases, where their sources are unpacked already; nothing is fetched for a page."""
    if all((unpacked_sources.folder_of(each, root) / unpacked_sources.LISTING).is_file() for each in (pin, other)):
        return _release(pin, root), _release(other, root)
    return None


@functools.lru_cache(maxsize=8)
def _release(pin: Pin, root: Path) -> Release:
    return Release(pin, root)  # kept from one rebuild to the next: a release does not change


def register(md, context) -> None:
    """Adds the block."""
    register_block(md, DriftBlock, context)
