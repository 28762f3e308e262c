"""`/// hosts`: every host that anything was measured on, by card: what it is, when, by whom, and its raw data.

First a table of hosts and experiments, whose cells lead to the records; `#host-<id>` is a host's address.
"""

from dataclasses import dataclass
from pathlib import Path

from markdown import Markdown

from scripts.measured.host_reader import Host, Measured
from scripts.pages import reading_order
from scripts.pages.references import page_url
from scripts.render.page import data_files, templates
from scripts.render.page.block import PageBlock, register_block
from scripts.render.page.build_context import Context

OURS = "this project"
NO_CARD = "no GPU"
GIB = 2**30


class HostsBlock(PageBlock):
    """Takes no argument."""

    NAME = "hosts"
    ARGUMENT = False

    def html(self) -> str:
        return page_html(self.evidence.hosts, self.root, self.context.root)


@dataclass(frozen=True)
class Row:
    """A host as its section shows it. `facts` by name; `beside` the other hosts of its boot; `data` its records'
    addresses below the site's root, by experiment."""

    host: Host
    facts: dict[str, str]
    beside: list[str]
    data: dict[str, list[tuple[str, str]]]


def page_html(hosts: list[Host], root: str, repository: Path) -> str:
    """`root` is the way from the page to the site's root; posts are those of the repository."""
    experiments = sorted({name for host in hosts for name in host.measured})
    posts = {post.number: post.page for post in reading_order.load(repository) if post.page}
    cards: dict[str, list[Row]] = {}
    for host in hosts:
        cards.setdefault(host.card or NO_CARD, []).append(_row(host, hosts))
    return templates.render(
        "hosts.html",
        hosts=hosts,
        cards={card: (f"card-{_slug(card)}", rows) for card, rows in cards.items()},
        experiments={name: page_url(posts[name]) if name in posts else "" for name in experiments},
        count=_count,
        root=root,
    )


def _row(host: Host, hosts: list[Host]) -> Row:
    facts = host.facts
    gpu = f"{facts['gpu']['memory_bytes'] / GIB:.1f} GiB" if host.card else ""
    days = " to ".join(dict.fromkeys([host.days[0], host.days[-1]]))
    shown = {
        "GPU": gpu and f"{host.card}, {gpu}, driver {facts['driver']}, CUDA {facts['cuda']}",
        "processor": f"{facts['cpu']}, {facts['cores']} cores, {facts['memory_bytes'] / GIB:.0f} GiB",
        "system": facts["os"],
        "engines": ", ".join(f"{name} {version}" for name, version in host.engines.items()),
        "measured": days,
        "by": ", ".join(name or OURS for name in host.by),
    }
    data = {
        name: [(data_files.address(path), Path(path).stem) for path in one.measurements + one.recordings]
        for name, one in sorted(host.measured.items())
    }
    same = facts["boot"] not in ("", "unknown")
    beside = [one.id for one in hosts if same and one is not host and one.facts["boot"] == facts["boot"]]
    return Row(host, {name: text for name, text in shown.items() if text}, beside, data)


def _count(one: Measured) -> str:
    """`13 records`; where nothing but call paths was recorded, `2 call paths`."""
    number, what = (len(one.measurements), "record") if one.measurements else (len(one.recordings), "call path")
    return f"{number} {what}{'s' if number > 1 else ''}"


def _slug(text: str) -> str:
    return "".join(sign if sign.isalnum() else "-" for sign in text.lower())


def register(md: Markdown, context: Context) -> None:
    """Adds the block."""
    register_block(md, HostsBlock, context)
