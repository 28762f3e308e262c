"""The thin MkDocs hook around the Markdown extension: which page it is, what is published beside the pages, checks.

Page logic is in scripts/render/; here is only what MkDocs has to be told. MkDocs loads this module again for every
rebuild, so it keeps no state from one to the next.
"""

from collections.abc import Callable
from pathlib import Path

import jinja2
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.livereload import LiveReloadServer
from mkdocs.plugins import CombinedEvent, event_priority
from mkdocs.structure.files import File, Files
from mkdocs.structure.nav import Navigation
from mkdocs.structure.pages import Page
from mkdocs.utils.templates import TemplateContext
from watchdog.observers.polling import PollingObserver

from scripts.build import html_checks, notebook_pages
from scripts.catalog import ledger
from scripts.pages import reading_order
from scripts.pages.references import page_url, to_root
from scripts.render.page import data_files, templates
from scripts.render.page.extension import CONTEXT, PageExtension

WATCHED = ("snippets", "theme", "scripts/render/templates", "experiments/claims", "experiments/figures")
_whole: dict[str, str] = {}  # a page's HTML by its address, while the search index is made of what is left of it


def _root(config: MkDocsConfig) -> Path:
    return Path(config.config_file_path).resolve().parent


def _script(config: MkDocsConfig, view: str, notebook: str) -> str:
    """Where the script that a notebook is paired with can be seen ("blob") or edited ("edit")."""
    return f"{(config.repo_url or '').rstrip('/')}/{view}/main/{notebook.removesuffix('.ipynb')}.py"


def _compiled(config: MkDocsConfig) -> Path:
    """Where compiled templates are kept, the theme's and those of the pages made of rows."""
    return _root(config) / ".cache" / "templates"


@event_priority(100)
def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Adds the extension, and the posts and notebooks to the navigation."""
    CONTEXT.root = _root(config)
    CONTEXT.repo_url = config.repo_url or ""
    CONTEXT.start_build()
    templates.keep_compiled(_compiled(config))
    config.markdown_extensions.append(PageExtension(CONTEXT))
    if "rss" in config.plugins:
        config.plugins["rss"].config.image = f"{config.site_url}assets/img/social.png"
    for entry in config.nav or ():
        if isinstance(entry, dict) and "Posts" in entry:
            entry["Posts"] += [{post.title: post.page} for post in reading_order.load(CONTEXT.root) if post.page]
        if isinstance(entry, dict) and "Experiments" in entry:
            entry["Experiments"] += list(reading_order.notebooks(CONTEXT.root))
    return config


@event_priority(100)  # before mkdocs-jupyter looks for notebooks
def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Adds what lies outside docs/: notebooks, records, claims, figures, schemas."""
    root = _root(config)
    for name in reading_order.notebooks(root):
        # mkdocs-jupyter wants a file with a place of its own; the path below the root is also the one below the site.
        files.append(File(name, str(root), config.site_dir, config.use_directory_urls))
    for file, place in data_files.files(root):
        files.append(File.generated(config, place, abs_src_path=str(file)))
    # Data of the pages; a picture is part of the page that shows it, and has no colours without.
    for data in [file for file in files if file.src_uri.endswith(".toml") or file.src_uri.startswith("pictures/")]:
        files.remove(data)
    return files


def on_pre_page(page: Page, config: MkDocsConfig, files: Files) -> Page:
    """Corrects what MkDocs cannot know about a page: where a notebook is edited, which columns it needs."""
    if page.file.src_uri.endswith(".ipynb"):
        page.edit_url = _script(config, "edit", page.file.src_uri)
    return page


@event_priority(100)
def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Names the page to the extension."""
    # Code with notes beside it needs the width; on the home page there is nothing to navigate to that it does not name.
    if not page.file.src_uri.startswith("reference/"):
        page.meta.setdefault("hide", ["navigation"])
    if reading_order.is_post(page.file.src_uri):
        reading_order.check_meta(page.meta, f"docs/{page.file.src_uri}")
    CONTEXT.start_page(page.file.src_uri, page.meta)
    return markdown


@event_priority(100)  # before the search index is made from it
def on_page_content(html: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Trims a notebook's HTML; refuses a page with markup left in it."""
    source = page.file.src_uri
    where = source if source.endswith(".ipynb") else f"docs/{source}"
    if source.endswith(".ipynb"):
        post = next((post for post in reading_order.load(CONTEXT.root) if post.notebook == source and post.page), None)
        head = notebook_pages.head(
            Path(source).name, _script(config, "blob", source), to_root(source) + page_url(post.page) if post else ""
        )
        html = head + notebook_pages.page(html, source)
    html_checks.check(html, where)
    # MkDocs knows the addresses of headings alone; a text may link to a card, a line or a hop just as well.
    page.present_anchor_ids = (page.present_anchor_ids or set()) | set(html_checks.addresses(html))
    return html_checks.scrolling_tables(html)


def on_env(env: jinja2.Environment, config: MkDocsConfig, files: Files) -> jinja2.Environment:
    """Keeps compiled templates from one build to the next: compiling them is a fifth of a rebuild."""
    folder = _compiled(config)
    folder.mkdir(parents=True, exist_ok=True)
    env.bytecode_cache = jinja2.FileSystemBytecodeCache(str(folder))
    return env


@event_priority(100)
def _hide_code_from_search(
    context: TemplateContext, page: Page, config: MkDocsConfig, nav: Navigation
) -> TemplateContext:
    # Material's search parses every tag of a page, and a search for words should not find lines of code.
    _whole[page.url] = page.content or ""
    page.content = html_checks.searchable(_whole[page.url])
    return context


@event_priority(-100)
def _show_code_again(context: TemplateContext, page: Page, config: MkDocsConfig, nav: Navigation) -> TemplateContext:
    page.content = _whole.pop(page.url)
    return context


on_page_context = CombinedEvent(_hide_code_from_search, _show_code_again)


def on_post_build(config: MkDocsConfig) -> None:
    """Writes the ledger beside the records it speaks of, and the steps of the replays that the pages show."""
    ledger.write_json(CONTEXT.evidence, Path(config.site_dir) / "data" / "ledger.json")
    for place, text in CONTEXT.replay_data.items():
        file = Path(config.site_dir) / place
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")


def on_serve(server: LiveReloadServer, config: MkDocsConfig, builder: Callable) -> LiveReloadServer:
    """Rebuilds after a manifest, a claim, a figure, a template or a notebook changed, besides docs/.

    Not all of experiments/ is watched: measurements write below it for hours.
    """
    root = _root(config)
    mine = [root / name for name in WATCHED] + list(reading_order.notebooks(root).values())
    # MkDocs looks for changes twice a second; a writer who saves should not wait for that.
    theirs: list[str] = [config.docs_dir, config.config_file_path]
    for place in theirs:
        server.unwatch(place)
    server.observer = PollingObserver(timeout=0.1)
    for place in [*theirs, *(str(path) for path in mine if path.exists())]:
        server.watch(place)
    return server
