"""The thin MkDocs hook around the Markdown extension: which page it is, what is published beside the pages, checks.

Page logic is in scripts/page/; here is only what MkDocs has to be told. MkDocs loads this module again for every
rebuild, so it keeps no state of its own.
"""

from pathlib import Path

import jinja2
from mkdocs.plugins import CombinedEvent, event_priority
from mkdocs.structure.files import File
from watchdog.observers.polling import PollingObserver

from scripts.build import html_checks, notebook_pages
from scripts.catalog import ledger, site_data
from scripts.pages import reading_order
from scripts.pages.references import page_url, to_root
from scripts.render.page import data_files
from scripts.render.page.extension import CONTEXT, PageExtension
from scripts.render.tables.drift_badges import with_badge

WATCHED = ("snippets", "theme", "experiments/claims", "experiments/figures")


def _root(config) -> Path:
    return Path(config.config_file_path).resolve().parent


@event_priority(100)
def on_config(config):
    """Adds the extension, and the posts and notebooks to the navigation."""
    CONTEXT.root = _root(config)
    CONTEXT.repo_url = config.repo_url or ""
    CONTEXT.start_build()
    config.markdown_extensions.append(PageExtension(CONTEXT))
    if "rss" in config.plugins:
        config.plugins["rss"].config.image = f"{config.site_url}assets/img/social.png"
    for entry in config.nav or ():
        if isinstance(entry, dict) and "Posts" in entry:
            entry["Posts"] += [post.page for post in reading_order.load(CONTEXT.root) if post.page]
        if isinstance(entry, dict) and "Experiments" in entry:
            entry["Experiments"] += list(reading_order.notebooks(CONTEXT.root))
    return config


@event_priority(100)  # before mkdocs-jupyter looks for notebooks
def on_files(files, config):
    """Adds what lies outside docs/: notebooks, records, claims, figures, schemas."""
    root = _root(config)
    for name in reading_order.notebooks(root):
        # mkdocs-jupyter wants a file with a place of its own; the path below the root is also the one below the site.
        files.append(File(name, str(root), config.site_dir, config.use_directory_urls))
    for file, place in data_files.files(root):
        files.append(File.generated(config, place, abs_src_path=str(file)))
    for file in [file for file in files if file.src_uri.endswith(".toml")]:
        files.remove(file)
    return files


def on_pre_page(page, config, files):
    """Corrects what MkDocs cannot know about a page: where a notebook is edited, which columns it needs."""
    if page.file.src_uri.endswith(".ipynb"):
        page.edit_url = f"{config.repo_url.rstrip('/')}/edit/main/{page.file.src_uri.removesuffix('.ipynb')}.py"
    return page


@event_priority(100)
def on_page_markdown(markdown, page, config, files):
    """Names the page to the extension."""
    # Code with notes beside it needs the width; on the home page there is nothing to navigate to that it does not name.
    if not page.file.src_uri.startswith("reference/"):
        page.meta.setdefault("hide", ["navigation"])
    if reading_order.is_post(page.file.src_uri):
        reading_order.check_meta(page.meta, f"docs/{page.file.src_uri}")
    CONTEXT.start_page(page.file.src_uri, page.meta)
    return markdown


@event_priority(100)  # before the search index is made from it
def on_page_content(html, page, config, files):
    """Trims a notebook's HTML; refuses a page with markup left in it."""
    source = page.file.src_uri
    where = source if source.endswith(".ipynb") else f"docs/{source}"
    if source.endswith(".ipynb"):
        post = next((post for post in reading_order.load(CONTEXT.root) if post.notebook == source and post.page), None)
        script = f"{config.repo_url.rstrip('/')}/blob/main/{source.removesuffix('.ipynb')}.py"
        html = notebook_pages.head(
            Path(source).name, script, to_root(source) + page_url(post.page) if post else ""
        ) + notebook_pages.page(html, source)
    if reading_order.is_post(source):
        html = with_badge(html, site_data.of_context(CONTEXT), Path(source).stem, to_root(source))
    html_checks.check(html, where)
    return html_checks.scrolling_tables(html)


def on_env(env, config, files):
    """Keeps compiled templates from one build to the next: compiling them is a fifth of a rebuild."""
    folder = _root(config) / ".cache" / "templates"
    folder.mkdir(parents=True, exist_ok=True)
    env.bytecode_cache = jinja2.FileSystemBytecodeCache(str(folder))
    return env


@event_priority(100)
def _hide_code_from_search(context, page, config, nav):
    # Material's search parses every tag of a page, and a search for words should not find lines of code.
    page.content, page.whole = html_checks.searchable(page.content), page.content
    return context


@event_priority(-100)
def _show_code_again(context, page, config, nav):
    page.content = page.whole
    return context


on_page_context = CombinedEvent(_hide_code_from_search, _show_code_again)


def on_post_build(config):
    """Writes the ledger beside the records it speaks of, and the steps of the replays that the pages show."""
    ledger.write_json(site_data.of_context(CONTEXT), Path(config.site_dir) / "data" / "ledger.json")
    for place, text in CONTEXT.replay_data.items():
        file = Path(config.site_dir) / place
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")


def on_serve(server, config, builder):
    """Rebuilds after a manifest, a claim, a figure, a template or a notebook changed, besides docs/.

    Not all of experiments/ is watched: measurements write below it for hours.
    """
    root = _root(config)
    mine = [root / name for name in WATCHED] + list(reading_order.notebooks(root).values())
    # MkDocs looks for changes twice a second; a writer who saves should not wait for that.
    theirs = [config.docs_dir, config.config_file_path]
    for place in theirs:
        server.unwatch(place)
    server.observer = PollingObserver(timeout=0.1)
    for place in [*theirs, *filter(Path.exists, mine)]:
        server.watch(str(place))
    return server
