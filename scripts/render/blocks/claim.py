"""`/// claim | id`: a card with the sentence, values and intervals, the verdict, and everything to doubt it with."""

import functools
import urllib.parse
from pathlib import Path

from pymdownx.blocks.block import type_string

from scripts.catalog.site_data import ENGINE_NAMES
from scripts.common.errors import SiteError
from scripts.measured import inline_figures
from scripts.measured.claim_reader import Claim, load
from scripts.measured.inline_figures import escaped
from scripts.render.page.block import PageBlock, register_block
from scripts.render.page.data_files import address

TIERS = {"gpu": "GPU", "cpu": "CPU, engine classes driven directly", "cpu-server": "CPU, the engine's own server"}


class ClaimBlock(PageBlock):
    """The argument is the claim's id; `alt` says what its figure shows, else the sentence does."""

    NAME = "claim"
    OPTIONS = {"alt": ("", type_string)}

    def html(self) -> str:
        claim = self.evidence.claim(self.argument)
        shown = [use for use in self.evidence.uses if use.kind == "claim" and use.id == claim.id]
        if len(shown) > 1:
            pages = " and ".join(f"docs/{use.page}:{use.line}" for use in shown)
            raise SiteError(f"shown on {pages}, but has one address; keep one and refer to #claim-{claim.id}")
        return card(claim, self.evidence, self.root, self.context.repo_url, self.options["alt"])


def card(claim: Claim, evidence, root: str, repo_url: str, alt: str = "") -> str:
    """The card's HTML. `root` is the way to the site's root, `repo_url` where a mistake is reported."""
    anchor = f"claim-{claim.id}"
    data = claim.data
    plain = claim.sentence()
    parts = [
        f'<section class="claim" id="{anchor}" aria-labelledby="{anchor}-title">',
        f'<p class="claim-head"><a class="claim-title" id="{anchor}-title" href="#{anchor}">'
        f"{escaped(data['title'])}</a> "
        f'<span class="claim-verdict" data-holds="{str(claim.holds).lower()}">{claim.verdict}</span></p>',
        f'<p class="claim-sentence">{_sentence(claim)}</p>',
    ]
    if data.get("holds_if"):
        parts.append(f'<p class="claim-test">Holds if {escaped(data["holds_if"])}.</p>')
    if data.get("figure"):
        name = data["figure"].removeprefix("figures/")
        drawn = inline_figures.inline(evidence.root, name, alt or plain, anchor)
        parts.append(f'<div class="claim-figure" {inline_figures.SCROLLS}>{drawn}</div>')
    parts.append(f'<details class="claim-proof"><summary>{_where_short(claim)}</summary>')
    parts.append(_values(claim))
    parts.append(_facts(claim, root, repo_url, here(evidence.root, claim)))
    parts.append("</details></section>")
    return "".join(parts)


def _sentence(claim: Claim) -> str:
    """The sentence, each value a <strong> followed by its interval, unless the sentence gives the interval itself."""
    template = claim.data["sentence"]

    def dressed(text: str, name: str) -> str:
        value = claim.value(name.partition(".")[0])
        shown = f"<strong>{escaped(text)}</strong>"
        if "." not in name and value.get("ci") and f"{{{name}.ci}}" not in template:
            shown += f' <span class="claim-ci">({claim.text(name + ".ci")})</span>'
        return shown

    return claim.sentence(dressed, escaped)


def _where_short(claim: Claim) -> str:
    counts = sorted({value["n"] for value in claim.data["values"].values() if value.get("n")})
    n = f"n = {counts[0]:,}" if len(counts) == 1 else f"n = {counts[0]:,} to {counts[-1]:,}" if counts else ""
    return escaped(", ".join(part for part in (claim.data["host"]["label"], n) if part))


def _values(claim: Claim) -> str:
    rows = []
    for name, value in claim.data["values"].items():
        ci = claim.text(f"{name}.ci") if value.get("ci") else "exact"
        n = f"{value['n']:,}" if value.get("n") else ""
        rows.append(
            f'<tr><th scope="row">{escaped(name)}</th><td>{claim.text(name)}</td><td>{ci}</td><td>{n}</td></tr>'
        )
    return (
        '<div class="claim-table"><table class="claim-values"><thead><tr><th scope="col">name</th>'
        '<th scope="col">value</th><th scope="col">95% interval</th><th scope="col">n</th></tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table></div>"
    )


def here(root: Path, claim: Claim) -> Claim | None:
    """The same claim as evaluated on what was measured in this clone; None where nothing was.

    It lies in a folder that git ignores, so that a published site never has it: only who measured sees it.
    """
    path = root / "experiments/local/claims" / f"{claim.experiment}.json"
    try:
        return _local_claims(path, root, path.stat().st_mtime_ns).get(claim.id)
    except FileNotFoundError:
        return None


@functools.lru_cache(maxsize=8)
def _local_claims(path: Path, root: Path, _mtime: int) -> dict[str, Claim]:
    return {claim.id: claim for claim in load(path, root)}


def _comparison(local: Claim) -> str:
    """What the claim came to here: verdict, host, and each value with its interval."""
    values = "; ".join(
        f"{escaped(name)} {local.text(name)}" + (f" ({local.text(name + '.ci')})" if value.get("ci") else "")
        for name, value in local.data["values"].items()
    )
    return f"{local.verdict} on {escaped(local.data['host']['label'])}: {values}"


def _facts(claim: Claim, root: str, repository: str, local: Claim | None = None) -> str:
    data = claim.data
    pins = ", ".join(f"{ENGINE_NAMES.get(name, name)} {version}" for name, version in data["pin"].items())
    raw = [
        f'<a href="{root}{address(record["path"])}">{escaped(record["path"].rpartition("/")[2])}</a>'
        for record in data["records"]
        if record["path"].startswith("experiments/records/")
    ]
    raw.append(f'<a href="{root}{address(claim.file)}">{escaped(claim.file.rpartition("/")[2])}</a>')
    facts = [
        (
            "Measured",
            f"{escaped(data['measured'][:10])}, {escaped(TIERS[data['tier']])}: {escaped(data['host']['label'])}",
        ),
        ("Release", escaped(pins) or "none"),
        ("Repeat", f"<code>{escaped(data['command'])}</code>"),
        ("Raw data", ", ".join(raw)),
    ]
    if local:
        facts.insert(1, ("Here", _comparison(local)))
    if repository:
        facts.append(("Doubts", f'<a href="{escaped(report_url(claim, repository))}">report it wrong</a>'))
    return "<dl>" + "".join(f"<div><dt>{name}</dt><dd>{text}</dd></div>" for name, text in facts) + "</dl>"


def report_url(claim: Claim, repository: str) -> str:
    """The address that opens a new issue on a claim, with what a reader would have to look up filled in."""
    body = (
        f"Claim: {claim.id}\nIt says: {claim.sentence()}\nVerdict: {claim.verdict}, on {claim.data['host']['label']}\n"
        f"Records: {', '.join(record['path'] for record in claim.data['records'])}\n\nWhat is wrong:\n"
    )
    query = urllib.parse.urlencode({"title": f"Claim {claim.id} is wrong", "body": body}, quote_via=urllib.parse.quote)
    return f"{repository.rstrip('/')}/issues/new?{query}"


def register(md, context) -> None:
    """Adds the block."""
    register_block(md, ClaimBlock, context)
