"""Claims, paths, figures and the ledger in a browser: lanes, one column on a phone, filter, contrast, no script."""

import shutil
from pathlib import Path

import markdown
import pytest
from axe_playwright_python.sync_playwright import Axe

from scripts.render.page.build_context import Context
from scripts.render.page.extension import PageExtension
from tests.conftest import serve_folder
from tests.scripts.fixtures import plan_of_24gb
from tests.scripts.fixtures.several_hosts import on_hosts, share
from tests.scripts.fixtures.small_site import PAGE, Site

pytestmark = pytest.mark.browser
ROOT = Path(__file__).resolve().parents[2]
STYLES = ("blocks/claim", "blocks/claim-hosts", "blocks/excerpt", "blocks/call-path", "tables/ledger")
HEAD = (
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Measured</title>'
    '<meta name="viewport" content="width=device-width"><style>html{font-size:125%}'
    "body{margin:1rem;font-size:.8rem}body[data-md-color-scheme=slate]{background:#1e2129;color:#e2e4e9;"
    "--md-default-bg-color:#1e2129}body[data-md-color-scheme=slate] a{color:#9dbcf7}</style>"
)


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """A page with everything that is measured, the ledger included, and the project's own styles and script."""
    site = Site(tmp_path_factory.mktemp("small"))
    values = [share(61.238), share(58.0), share(66.66)]
    few = on_hosts(site, [True, False, True], values, range={"share": {"low": 55, "high": 70, "kind": "ratio-gpu"}})
    many = [{f"share-{name}": one["share"] for name in "abcde"} for one in values]
    fold = on_hosts(site, [False] * 3, many, id="fold", sentence="It is {share-a}.", figure=None)
    site.save_claims([few, fold])
    context = Context(root=site.root, repo_url="https://example.org/me/site")
    context.start_page("posts/01-one-request.md")
    body = markdown.Markdown(extensions=[PageExtension(context)]).convert(
        PAGE.split("---\n", 2)[2] + "\n/// claim | fold\n///\n\n/// ledger\n///\n"
    )
    folder = tmp_path_factory.mktemp("site")
    for name in STYLES:
        shutil.copy(ROOT / f"docs/assets/css/{name}.css", folder)
    shutil.copy(ROOT / "docs/assets/js/tables/ledger.js", folder)
    links = "".join(f'<link rel="stylesheet" href="{Path(name).name}.css">' for name in STYLES)
    body = f'<body><main class="md-typeset">{body}</main><script src="ledger.js"></script></body></html>'
    (folder / "index.html").write_text(f"{HEAD}{links}</head>{body}", "utf-8")
    with serve_folder(folder) as url:
        yield url


@pytest.fixture
def opened(browser, address):
    """opened(width, script=True) gives the page at that width."""
    pages = []

    def opener(width: int, script: bool = True):
        page = browser.new_page(viewport={"width": width, "height": 900}, java_script_enabled=script)
        page.goto(address)
        pages.append(page)
        return page

    yield opener
    for page in pages:
        page.close()


def boxes(page):
    return [page.locator(f"#path-chat-{name}").bounding_box() for name in ("chat", "step", "forward-cpu", "answer")]


def test_each_process_has_its_lane_and_time_runs_down(opened):
    front, core, worker, back = boxes(opened(1280))
    assert front["x"] < core["x"] < worker["x"] and back["x"] == front["x"]
    assert front["y"] < core["y"] < worker["y"] < back["y"]


def test_on_a_phone_it_is_one_column_with_the_process_on_each_hop(opened):
    page = opened(390)
    assert len({box["x"] for box in boxes(page)}) == 1
    assert page.locator(".path-heads").is_hidden()
    assert page.locator("#path-chat-step .path-role").inner_text().endswith("engine-core")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_without_script_all_is_there_and_nothing_dead_is_shown(opened):
    page = opened(1280, script=False)
    assert page.locator("tr[data-state]:visible").count() == 15
    assert page.locator(".ledger-filter").is_hidden()
    assert page.locator("li.path-hop:visible").count() == 8


def test_the_ledger_is_filtered_by_word_and_state(opened):
    page = opened(1280)
    rows = page.locator("tr[data-state]:visible")
    page.get_by_label("Find").fill("engine-core")
    assert 0 < rows.count() < 15
    assert page.locator(".ledger-filter output").inner_text() == f"{rows.count()} of 15"
    page.get_by_label("Find").fill("")
    page.get_by_label("State").select_option("holds on 2 of 3")
    assert rows.count() == 1 and page.locator('table[data-kind="hop"]').is_hidden()
    page.evaluate("location.hash = '#ledger-hop-chat-step'")
    page.wait_for_function("!document.getElementById('ledger-hop-chat-step').hidden")
    assert rows.count() == 15


@pytest.mark.parametrize("width", [1280, 390])
def test_a_card_s_hosts_fit_the_screen_without_script(opened, width):
    page = opened(width, script=False)
    rows = page.locator("#claim-wait svg.claim-row")
    assert rows.count() == 3 and all(rows.nth(index).bounding_box()["width"] > 60 for index in range(3))
    ends = [page.locator("#claim-wait .band").nth(index).bounding_box() for index in range(3)]
    assert len({(box["x"], box["width"]) for box in ends}) == 1 and ends[0]["width"] > 10
    fold = page.locator("#claim-fold .claim-by-host")
    assert fold.locator("table").is_hidden()
    fold.locator("summary").click()
    assert fold.locator("table").is_visible()
    box, card = (page.locator(name).bounding_box() for name in ("#claim-fold .claim-table", "#claim-fold"))
    assert box["x"] + box["width"] <= card["x"] + card["width"]
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_on_a_phone_a_plans_values_stand_beside_the_references(browser, tmp_path):
    site = Site(tmp_path / "small")
    plan_of_24gb.save(site, [plan_of_24gb.planned(site)])
    site.write("snippets/labels.toml", '[wait]\nshare = "launching, part of the time to first token"\n')
    context = Context(root=site.root, repo_url="https://example.org/me/site")
    context.start_page("posts/other.md")
    card = markdown.Markdown(extensions=[PageExtension(context)]).convert("/// claim | wait\n///\n")
    styles = "".join((ROOT / f"docs/assets/css/{name}.css").read_text("utf-8") for name in STYLES)
    page = browser.new_page(viewport={"width": 390, "height": 900})
    page.set_content(f'{HEAD}<style>{styles}</style></head><body><main class="md-typeset">{card}</main></body></html>')
    page.locator(".claim-plan summary").click()
    table = page.locator(".claim-plan .claim-table")
    hidden = table.evaluate("box => box.scrollWidth - box.clientWidth")
    page.close()
    assert hidden == 0


@pytest.mark.parametrize("scheme", ["default", "slate"])
@pytest.mark.parametrize("width", [1280, 390])
def test_axe_finds_nothing_serious(opened, scheme, width):
    page = opened(width)
    page.evaluate(f"document.body.dataset.mdColorScheme = '{scheme}'")
    page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true; })")
    found = Axe().run(page).response["violations"]
    serious = [
        f"{each['id']}: {each['nodes'][0]['html']}" for each in found if each["impact"] in ("serious", "critical")
    ]
    assert not serious, "\n".join(serious)
