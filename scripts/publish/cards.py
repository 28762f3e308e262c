"""The picture that a shared link shows: a card for each page, a post's with its headline result out of its claims."""

import functools
import re
from dataclasses import dataclass
from pathlib import Path

from experiments.formats import strict_json, value_format, verdict_words
from scripts.common import toml_tables
from scripts.common.content_cache import Cache
from scripts.common.errors import SiteError
from scripts.common.toml_tables import Table, Text
from scripts.measured import claim_hosts, claim_reader
from scripts.measured.claim_reader import Claim
from scripts.pages import reading_order
from scripts.publish import card_picture
from scripts.publish.built_pages import BuiltPage
from scripts.publish.card_picture import Bar, Picture
from scripts.sources import pins

FILE = "snippets/cards.toml"
FOLDER = "assets/cards"
NAMES = {"reference/": "Reference", "experiments/": "Experiment"}


class Headline(Table, frozen=True):
    """What the card of a post shows."""

    KIND, NAME = "card", "post"
    post: Text
    claim: Text
    says: Text
    bars: dict[str, str]
    whole: int = 0


@dataclass(frozen=True)
class Card:
    """A card as a page links to it."""

    place: str  # below the site's root
    says: str  # the alternative text


def headlines(root: Path) -> dict[str, Headline]:
    """Each post's headline by its slug. Raises SiteError for a file that does not fit, or a post without one."""
    try:
        tables = toml_tables.parse((root / FILE).read_text("utf-8"), FILE)
    except OSError as error:
        raise SiteError(f"{FILE}: cannot be read ({error}); restore or correct it") from None
    found = toml_tables.by_name(toml_tables.read_each(tables.get("card", []), Headline, FILE), FILE)
    slugs = [post.slug for post in reading_order.load(root)]
    for name in found:
        toml_tables.one_of(name, slugs, "post", FILE)
    return found


def _claim(root: Path, headline: Headline) -> Claim:
    """The claim of a headline; it was checked when the page was built."""
    name = f"{claim_reader.FOLDER}/{headline.post[:2]}.json"
    where = f"{FILE}: card '{headline.post}'"
    data = claim_hosts.with_own_hosts(strict_json.read((root / name).read_text("utf-8")))
    claims = {item["id"]: Claim(item["id"], data["experiment"], name, item) for item in data["claims"]}
    toml_tables.one_of(headline.claim, list(claims), "claim", where)
    for value in headline.bars:
        toml_tables.one_of(value, list(claims[headline.claim].data["values"]), "bars:", where)
    return claims[headline.claim]


def _of_post(page: BuiltPage, headline: Headline | None, title: str) -> Picture:
    number = int(page.place.partition("/")[2][:2])
    total = len(reading_order.load(page.root))
    releases = ", ".join(f"{pin.name} {pin.version}" for pin in pins.load(page.root).values())
    kicker = f"Post {number} of {total}"
    if headline is None:
        return Picture(kicker, title, page.description, releases)
    claim = _claim(page.root, headline)
    values = [claim.value(name) for name in headline.bars]
    bars = tuple(
        Bar(label, value_format.formatted(value), value["value"])
        for label, value in zip(headline.bars.values(), values, strict=True)
    )
    foot = f"{releases}. Measured: {verdict_words.on_hosts(claim.verdicts)}"
    return Picture(kicker, title, headline.says, foot, bars, headline.whole)


def _picture(page: BuiltPage, titles: dict[str, str], shown: dict[str, Headline]) -> Picture:
    slug = page.place.strip("/").rpartition("/")[2]
    if page.is_post:
        return _of_post(page, shown.get(slug), titles.get(slug, page.title))
    if page.is_notebook:
        return Picture(f"Experiment {int(slug[:2])}", page.title, page.description, "Notebook, records and claims")
    kicker = next((name for start, name in NAMES.items() if page.place.startswith(start)), "")
    title = re.sub(r" \(.*\)$", "", page.title)
    return Picture(kicker, title, page.description, "vLLM and SGLang, read from source and measured")


def write(site: Path, pages: list[BuiltPage], root: Path, cache: Cache) -> dict[str, Card]:
    """Writes each page's card and names it in the page's head; returns them by the page's place."""
    shown = headlines(root)
    titles = {post.slug: post.title for post in reading_order.load(root)}
    (site / FOLDER).mkdir(parents=True, exist_ok=True)
    cards = {}
    for page in pages:
        picture = _picture(page, titles, shown)
        place = f"{FOLDER}/{page.place.strip('/').replace('/', '-') or 'home'}.png"
        data = cache.get(card_picture.key(picture, root), functools.partial(card_picture.png, picture, root))
        (site / place).write_bytes(data)
        card = cards[page.place] = Card(place, picture.in_words)
        page.tell("og:image", page.site + card.place)
        page.tell("og:image:alt", card.says)
    return cards
