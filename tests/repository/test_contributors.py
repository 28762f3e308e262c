"""What is there for who comes next: forms that can be read, recipes whose files exist, one file a citation."""

import re
import tomllib
from pathlib import Path

import markdown
import pytest
import yaml

from scripts.render.blocks.claim import FORM
from scripts.render.page.build_context import Context
from scripts.render.page.extension import PageExtension

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/reference/architecture.md").read_text("utf-8")
FLOWS, RECIPES = PAGE.split("## Four ways through the code", 1)[1].split("## Ten changes", 1)
FORMS = sorted((ROOT / ".github/ISSUE_TEMPLATE").glob("*.yml"))
# Written for a number that the reader fills in.
PLACEHOLDER = re.compile(r"NN|exp0?NN")


def named_files(text: str) -> set[str]:
    quoted = re.findall(r"`((?:scripts|experiments|snippets|docs|tests|requirements|\.github)/[\w./-]*)`", text)
    return {name for name in quoted if not PLACEHOLDER.search(name)}


def test_the_files_of_flows_and_recipes_exist():
    files = named_files(PAGE)
    assert len(files) > 40
    assert sorted(name for name in files if not (ROOT / name).exists()) == []


def test_there_are_four_flows_and_ten_recipes_of_at_most_eight_lines():
    assert len(re.findall(r"(?m)^### From ", FLOWS)) == 4
    recipes = re.split(r"(?m)^### ", RECIPES)[1:]
    assert len(recipes) == 10
    for recipe in recipes:
        title, *lines = [line for line in recipe.splitlines() if line.strip()]
        assert 2 <= len(lines) <= 8 and all(re.match(r"\d\. ", line) for line in lines), title
        assert re.search(r"`[\w./-]+[/.][\w./-]*`|`make ", recipe), f"{title}: names no file and no command"


def test_the_blocks_that_a_post_is_written_with_are_there():
    table = PAGE.split("## The blocks that a post is written with", 1)[1].split("## Ten changes", 1)[0]
    named = [name for cells in re.findall(r"(?m)^\| (`.*?) \|", table) for name in re.findall(r"`([\w-]+)`", cells)]
    converter = markdown.Markdown(extensions=[PageExtension(Context())])
    known = converter.parser.blockprocessors["blocks"].blocks
    assert len(named) >= 14 and set(named) <= set(known)
    for name in ("result", "claim", "details", "excerpt", "path", "pseudo", "picture"):
        row = next(line for line in table.splitlines() if line.startswith(f"| `{name}` |"))
        assert {f"`{option}" in row for option in known[name].OPTIONS} <= {True}, f"{name}: an option is not named"


@pytest.mark.parametrize("form", [form for form in FORMS if form.name != "config.yml"], ids=lambda form: form.name)
def test_an_issue_form_can_be_filled_in(form):
    data = yaml.safe_load(form.read_text("utf-8"))
    assert {"name", "description", "title", "body"} <= set(data)
    fields = [part for part in data["body"] if part["type"] != "markdown"]
    ids = [field["id"] for field in fields]
    assert len(ids) == len(set(ids)) and all(field["attributes"]["label"] for field in fields)
    assert any(field.get("validations", {}).get("required") for field in fields)


def test_the_four_forms_are_there_and_the_card_s_link_fills_one():
    names = {form.name for form in FORMS}
    assert {"claim.yml", "measured.yml", "note.yml", "bug.yml"} <= names and FORM in names
    ids = {part["id"] for part in yaml.safe_load((ROOT / ".github/ISSUE_TEMPLATE" / FORM).read_text())["body"]}
    assert {"claim", "says", "records"} <= ids


def test_the_commands_of_the_pull_request_form_are_targets():
    targets = set(re.findall(r"(?m)^([a-z][a-z-]*):", (ROOT / "Makefile").read_text()))
    named = set(re.findall(r"`make ([a-z-]+)", (ROOT / ".github/pull_request_template.md").read_text()))
    assert len(named) >= 3 and named <= targets


def test_the_hooks_run_what_is_there():
    (repository,) = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]
    assert {hook["id"] for hook in repository["hooks"]} == {"ruff", "toml", "large-files", "pairs"}
    for module in re.findall(r"-m (scripts[\w.]+)", " ".join(hook["entry"] for hook in repository["hooks"])):
        assert (ROOT / f"{module.replace('.', '/')}.py").is_file(), module


def test_the_citation_names_the_pinned_releases():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))
    assert citation["cff-version"] == "1.2.0" and citation["title"] and citation["authors"]
    pins = tomllib.loads((ROOT / "snippets/pins.toml").read_text("utf-8"))
    assert all(f"{pin['name']} {pin['version']}" in citation["abstract"] for pin in pins.values())


def test_the_command_that_packs_a_result_names_the_form_for_it():
    from experiments.lab.evaluation.send_result import FORM as MEASURED

    form = yaml.safe_load((ROOT / ".github/ISSUE_TEMPLATE/measured.yml").read_text())
    assert form["name"] == MEASURED
    assert {"summary", "file"} <= {part["id"] for part in form["body"]}
