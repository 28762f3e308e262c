"""Settings: their defaults read in the pinned source, the table, make verify, the ledger, and every error."""

import io
import sys

import markdown
import pytest
from bs4 import BeautifulSoup

from scripts.build import verify
from scripts.catalog import ledger, typed_numbers
from scripts.catalog.site_data import Evidence
from scripts.common.errors import SiteError
from scripts.quotes import engine_defaults, manifest
from scripts.render.page.build_context import Context
from scripts.render.page.extension import PageExtension
from scripts.sources.python_symbols import Tables
from tests.scripts.fixtures.small_site import Site

CONFIG = '''\
"""A toy engine's settings."""


class Config:
    workers: int = 1
    overlap: bool = False

    def defaults(self, memory):
        if memory < 90:
            # Small cards.
            self.budget = 2048
        elif memory < 160:
            # Large ones.
            self.budget = 8192
        else:
            self.budget = 16384
        self.empty = ""
'''
ENGINE = {"config.py": CONFIG}


def table(**changed):
    """A [[setting]] as TOML; None leaves a key out, `raw` is a line added to it."""
    keys = {
        "id": "workers",
        "engine": "toy",
        "name": "--workers",
        "path": "toy/config.py",
        "symbol": "Config.workers",
        "value": r"int = (\d+)",
        "who": "whoever has *many* clients",
    } | changed
    raw = keys.pop("raw", "")
    lines = [f"{key} = '{value}'" for key, value in keys.items() if value is not None]
    return "[[setting]]\n" + "\n".join(lines) + f"\n{raw}\n"


BUDGET = {
    "id": "budget",
    "name": "--budget",
    "symbol": "Config.defaults",
    "value": r"elif memory < 160:\n(?:(?!\s*(?:elif|else)\b).*\n)*?\s*self\.budget = (\d+)",
    "where": "on a card *of this memory*",
}
OVERLAP = {"id": "overlap", "name": "--overlap", "symbol": "Config.overlap", "value": "= (True|False)"}
SHOWN = 'shown = { True = "on", False = "off" }'


def parse(text):
    return engine_defaults.parse(manifest.parse(text, "m.toml"))


@pytest.fixture
def read(toy):
    """read(TOML text) -> the Default of its first setting, in a release that holds CONFIG."""
    toy.release(ENGINE)

    def run(text):
        return engine_defaults.read(next(iter(parse(text).values())), Tables(toy.sources))

    return run


@pytest.fixture
def convert(toy):
    """convert(manifest, text, page) -> the page as a soup."""
    toy.release(ENGINE)

    def run(text="/// settings\n///\n", page="posts/01-toy.md", post=None, meta=None):
        toy.write_manifest(table() + table(**BUDGET) if post is None else post)
        context = Context(root=toy.root)
        context.start_build()
        context.start_page(page, meta)
        html = markdown.Markdown(extensions=[PageExtension(context)]).convert(text)
        return BeautifulSoup(html, "html.parser")

    return run


def number_of(text):
    return CONFIG.split("\n").index(text) + 1


def test_a_default_is_read_where_it_is_decided(read):
    found = read(table())
    line = number_of("    workers: int = 1")
    assert (found.value, found.first, found.last) == ("1", line, line)
    assert found.permalink == f"https://github.com/someone/toy/blob/v1.0/toy/config.py#L{line}"


def test_a_branch_is_quoted_with_its_condition(read):
    found = read(table(**BUDGET))
    first, last = number_of("        elif memory < 160:"), number_of("            self.budget = 8192")
    assert (found.value, found.first, found.last) == ("8192", first, last)
    assert found.permalink.endswith(f"#L{first}-L{last}")


def test_the_source_s_words_become_the_page_s(read):
    assert read(table(**OVERLAP)).value == "False"
    assert read(table(**OVERLAP, raw=SHOWN)).value == "off"


def test_another_release_gives_another_default(toy, read):
    toy.release({"config.py": "# moved\n" + CONFIG.replace("int = 1", "int = 4")})
    found = engine_defaults.read(parse(table())["workers"], Tables(toy.sources))
    assert (found.value, found.first) == ("4", number_of("    workers: int = 1") + 1)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"engine": "tov"}, "unknown engine 'tov'; use one of toy"),
        ({"path": "toy/gone.py"}, "toy/gone.py: no such file in Toy 1.0"),
        ({"symbol": "Config.gone"}, "symbol 'Config.gone' is not there"),
        (
            {"value": r"float = (\d+)"},
            "value: nothing in 'Config.workers' (toy/config.py:5) matches 'float = (\\\\d+)'; read there",
        ),
        # Another line of the file would match; the symbol's own does not.
        ({"value": "bool = (False)"}, "value: nothing in 'Config.workers'"),
        (
            {"symbol": "Config.defaults", "value": r"budget = (\d+)"},
            "matches 3 times in 'Config.defaults' (lines 11, 14, 16); begin it at the line that tells them apart",
        ),
        ({"value": r"int = 1|(\d{9})"}, "took no text at line 5; write it so that the group is the default"),
        ({"symbol": "Config.defaults", "value": 'empty = "(.*)"'}, "took no text at line 17"),
        (
            OVERLAP | {"raw": 'shown = { True = "on" }'},
            "shown: the default is 'False' now, which it does not name (it names True); add it",
        ),
    ],
)
def test_what_the_release_does_not_bear_out_is_one_line_with_a_remedy(read, changed, said):
    with pytest.raises(SiteError) as caught:
        read(table(**changed))
    assert str(caught.value).startswith(f"m.toml: setting '{changed.get('id', 'workers')}': ")
    assert said in str(caught.value) and "\n" not in str(caught.value)


def test_a_name_with_two_definitions_is_refused(toy, read):
    twice = "if x:\n    workers = 1\nelse:\n    workers = 2\n"
    toy.release({"config.py": twice})
    with pytest.raises(SiteError, match="setting 'workers': .*symbol 'workers' is ambiguous; write one of workers#1"):
        engine_defaults.read(parse(table(symbol="workers", value=r"= (\d)"))["workers"], Tables(toy.sources))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (table(raw='line = "5"'), "setting 'workers': unknown key 'line'; remove it, or use one of id, engine, name"),
        (table(id=None), "setting number 1: 'id' is missing; add it"),
        *(
            (table(**{key: None}), f"setting 'workers': '{key}' is missing; add it")
            for key in ("engine", "name", "path", "symbol", "value", "who")
        ),
        (table(who=" "), "setting 'workers': 'who' must be text; correct or remove it"),
        (table(raw="where = 3"), "'where' must be text"),
        (table(raw='shown = "on"'), "'shown' must be a table"),
        (table(raw="shown = { True = 1 }"), "shown: 'True' must be text; correct or remove it"),
        (table(id="X y"), "id 'X y' is not lower-case words"),
        (table() * 2, "setting 'workers': two settings are called that; rename one"),
        (table(value="int = ("), "value: no regular expression (missing ), unterminated subpattern"),
        (table(value="int = 1"), "value: has 0 groups; put one around the default, and write others (?:...)"),
        (table(value="(int) = (1)"), "value: has 2 groups"),
        ("setting = 3\n", "m.toml: 'setting' is not a list of tables; write [[setting]] above each"),
    ],
)
def test_the_tables_are_read_strictly(text, said):
    with pytest.raises(SiteError) as caught:
        parse(text)
    assert said in str(caught.value) and str(caught.value).startswith("m.toml: ") and "\n" not in str(caught.value)


def test_the_block_is_a_table_with_a_permalink_a_row(convert):
    box = convert().select_one("div.table-scroll.settings")
    assert box["tabindex"] == "0" and box["role"] == "group" and box["aria-label"] == box.caption.text
    assert box.caption.text == "Defaults as the build read them in Toy v1.0"
    assert [th.text for th in box.select("thead th[scope=col]")] == [
        "setting",
        "default at the pin",
        "decided in",
        "who should change it",
    ]
    workers, budget = box.select("tbody tr")
    assert (workers["id"], budget["id"]) == ("setting-workers", "setting-budget")
    assert workers.select_one("th[scope=row]").text == "Toy --workers"
    assert [td.text for td in workers.select("td")] == ["1", "toy/config.py:5", "whoever has many clients"]
    assert workers.a["href"] == "https://github.com/someone/toy/blob/v1.0/toy/config.py#L5"
    assert workers.em.text == "many"
    assert budget.td.text == "8192 on a card of this memory" and budget.td.em.text == "of this memory"
    assert budget.a.text == "toy/config.py:12\N{EN DASH}14"


def test_another_page_shows_them_by_number(convert):
    assert len(convert("/// settings | 01\n///\n", "reference/settings.md").select("tbody tr")) == 2


@pytest.mark.parametrize(
    ("text", "page", "said"),
    [
        (
            "/// settings | 09\n///\n",
            "other.md",
            "settings '09': no one manifest of snippets/ is meant, none begins so; give",
        ),
        ("/// settings\n///\n", "other.md", "docs/other.md: settings: no manifest is called as the page is; write"),
        ("/// settings\n///\n/// settings\n///\n", "posts/01-toy.md", "are shown twice; link to"),
        ("/// settings\nprose\n///\n", "posts/01-toy.md", "settings: takes no content"),
        (
            "Nothing.",
            "posts/01-toy.md",
            "setting 'workers': is not shown on docs/posts/01-toy.md; write '/// settings'",
        ),
    ],
)
def test_what_a_page_gets_wrong_stops_the_build(convert, text, page, said):
    with pytest.raises(SiteError) as caught:
        convert(text, page)
    assert said in str(caught.value) and "\n" not in str(caught.value)


def test_a_page_of_another_name_writes_the_number(convert):
    with pytest.raises(SiteError, match="no manifest is called as the page is"):
        convert(page="reference/metrics.md", meta={"snippets": "01-toy"})
    assert convert("/// settings | 01\n///\n", "reference/metrics.md", meta={"snippets": "01-toy"}).table


def test_a_block_without_settings_and_a_number_of_two_posts(toy, convert):
    with pytest.raises(
        SiteError, match=r"docs/posts/01-toy.md: settings: no \[\[setting\]\] is in snippets/01-toy.toml; add one, or"
    ):
        convert(post="# nothing\n")
    toy.write_manifest("", "01-other")
    with pytest.raises(
        SiteError,
        match=r"docs/other.md: settings .01.: no one manifest of snippets/ is meant, 01-other, 01-toy all begin so",
    ):
        convert("/// settings | 01\n///\n", "other.md")


@pytest.fixture
def site(tmp_path, monkeypatch):
    monkeypatch.setattr(verify, "LAB", (sys.executable, "-c", "pass"))
    return Site(tmp_path)


def checked(site):
    out = io.StringIO()
    status = verify.verify(site.root, out, {"settings": verify.check_settings})
    return status, out.getvalue()


def test_verify_counts_settings_and_refuses_what_is_wrong(site):
    said = "1 settings have their defaults from the pinned release, 0 in prose say from where"
    assert checked(site) == (0, f"ok     settings            {said}\n")
    good = site.manifest
    site.write("snippets/01-one-request.toml", good.replace("return (", "yield ("))
    status, text = checked(site)
    assert status == 1 and "snippets/01-one-request.toml: setting 'pick': value: nothing in 'Core.schedule" in text
    site.write("snippets/01-one-request.toml", good)
    page = site.root / "docs/posts/01-one-request.md"
    page.write_text(page.read_text("utf-8").replace("/// settings\n", "/// settings | 02\n"), "utf-8")
    status, text = checked(site)
    assert status == 1 and "setting 'pick': is not shown on any page; write '/// settings' there, or remove it" in text


def test_the_ledger_lists_settings_with_their_row(site):
    def entry(**how):
        (found,) = [each for each in ledger.entries(Evidence(site.root), **how) if each["kind"] == "setting"]
        return found

    found = entry()
    assert (found["id"], found["title"], found["state"]) == ("01/pick", "vLLM --pick", "read from the release")
    assert found["detail"] == "default 1, vllm/core.py:11"
    assert found["used"] == ["posts/01-one-request/#setting-pick"]
    assert entry(checked=False)["state"] == "not checked"
    site.write("snippets/01-one-request.toml", site.manifest.replace("return (", "yield ("))
    broken = entry()
    assert broken["state"] == "differs" and ledger.problems([broken])


def test_what_settings_say_is_prose_to_the_check_of_typed_numbers(site):
    for key in ("who", "where"):
        site.write("snippets/01-one-request.toml", f"{site.manifest}\n{table(**{'where': 'x', key: 'takes 3 ms'})}")
        assert [each.text for each in typed_numbers.scan(site.root) if not each.kind] == ["3 ms"]


RIGHT = (
    ("--x", "True", "on"), ("--x", "False", "off"), ("X", "True", "true"), ("--disable-x", "True", "x off"),
    ("--disable-x", "False", "x on"), ("--disable-x", "False", "off"), ("--x", "None", "no limit"), ("--x", "0", "off"),
    ("--x", "-1", "no limit"), ("--x", "0", "0: no limit"), ("--x", "8_192", "8192 tokens"), ("--x", "FULL", "full"),
    ("--x", "cfg.chunked_prefill_size", "as `--chunked-prefill-size`"),
)  # fmt: skip
WRONG = (
    ("--x", "True", "off", "its opposite"), ("--x", "False", "on", "its opposite"),
    ("--disable-x", "False", "x off", "its opposite"), ("--x", "True", "mostly", "say on or off"),
    ("--x", "None", "0.9", "a number that no source says"), ("--x", "16", "32", "another number"),
    ("--x", "0.9", "0.95 of it", "another number"), ("--x", "cfg.size", "as `--other`", "does not name it"),
    ("--x", "cfg.size", "as `--size`: 1", "does not name it"),
)  # fmt: skip


@pytest.mark.parametrize(("name", "value", "shown"), RIGHT)
def test_a_default_may_be_put_into_words(name, value, shown):
    assert engine_defaults.shown_fault(name, value, shown) == ""


@pytest.mark.parametrize(("name", "value", "shown", "said"), WRONG)
def test_a_default_is_not_shown_as_another(name, value, shown, said):
    fault = engine_defaults.shown_fault(name, value, shown)
    assert said in fault


def test_the_default_that_is_shown_wrong_is_one_line(read):
    with pytest.raises(SiteError, match="setting 'overlap': shown: False is shown as 'on', which is its opp"):
        read(table(**OVERLAP, raw='shown = { True = "off", False = "on" }'))


def test_two_settings_of_one_place_are_refused_unless_they_are_one(read):
    both = [read(table()), read(table(id="others", name="--others"))]
    (line,) = engine_defaults.same_place(both)
    assert line.startswith("m.toml: setting 'others': value: is read at toy/config.py:5, as that of --workers is")
    assert engine_defaults.same_place([read(table()), read(table(id="again"))]) == []
