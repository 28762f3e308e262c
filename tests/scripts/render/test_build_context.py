"""What the blocks of a page share: one set of pins and sources, a manifest or a clear error, a converter handed in."""

import ast
from pathlib import Path

import grimp
import markdown
import pytest

from scripts.common.errors import SiteError
from scripts.render.page.build_context import Context
from scripts.render.page.extension import PageExtension
from tests.scripts.fixtures.small_site import PINS, Site

RENDER = Path(__file__).resolve().parents[3] / "scripts/render"


@pytest.fixture
def context(tmp_path):
    context = Context(root=Site(tmp_path).root)
    context.start_build()
    return context


def test_evidence_and_excerpts_rest_on_one_set_of_pins_and_sources(context):
    assert context.resolver.sources is context.evidence.sources
    assert context.resolver.sources.pins is context.evidence.pins


def test_a_moved_pin_is_seen_by_the_next_build(context):
    assert context.evidence.pins["vllm"].tag == "v0.32.0"
    (context.root / "snippets/pins.toml").write_text(PINS.replace('"v0.32.0"', '"v0.32.0.post1"'))
    assert context.evidence.pins["vllm"].tag == "v0.32.0"
    context.start_build()
    assert context.evidence.pins["vllm"].tag == context.resolver.sources.pins["vllm"].tag == "v0.32.0.post1"


def test_what_needs_a_manifest_says_which_to_write(context):
    context.start_page("index.md")
    assert context.manifest is None
    with pytest.raises(SiteError) as caught:
        _ = context.required_manifest
    assert str(caught.value) == "the page has no manifest; write snippets/index.toml"
    context.start_page("posts/01-one-request.md")
    assert context.required_manifest is context.manifest


def test_the_extension_hands_in_what_converts_a_note(context):
    context.start_page("index.md")
    with pytest.raises(RuntimeError, match="no page extension"):
        context.inline("*a*")
    markdown.Markdown(extensions=[PageExtension(context)])
    assert context.inline("*a* {{wait.share}}").startswith('<em>a</em> <a class="value"')


def test_no_import_circle_among_the_modules_that_render():
    graph = grimp.build_graph("scripts")
    modules = {name for name in graph.modules if name.startswith("scripts.render.")}
    for module in modules:
        for imported in graph.find_modules_directly_imported_by(module):
            assert not graph.chain_exists(imported, module), f"{module} and {imported} import each other"
            if module.startswith("scripts.render.page."):
                assert not imported.startswith(("scripts.render.blocks", "scripts.render.tables")), (module, imported)


def test_no_import_is_hidden_in_a_function_of_a_module_that_renders():
    for file in RENDER.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef):
                hidden = [part for part in ast.walk(node) if isinstance(part, (ast.Import, ast.ImportFrom))]
                assert not hidden, f"{file.name}: {node.name} imports"
