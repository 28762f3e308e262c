"""Call paths: what was recorded passes; each way in which a recording can disagree is found, on a damaged copy."""

import pytest

from scripts.call_paths import claimed_paths
from scripts.catalog import site_data as standing_on
from scripts.common.errors import SiteError
from tests.scripts.fixtures.small_site import CORE, FRONT, Site, rows


@pytest.fixture
def site(tmp_path):
    return Site(tmp_path)


def problems(site, configuration="vllm-gpu"):
    return standing_on.Evidence(site.root).path_states["chat"][configuration]


def damaged(site, change, configuration="vllm-gpu", **recording):
    """The problems after `change(row)` was applied to every entry; a row it returns None for is left out."""
    kept = [row for row in (change(list(row)) for row in rows(configuration)) if row is not None]
    site.save_recording(configuration, kept, **recording)
    return problems(site, configuration)


def at(symbol, **values):
    """A change of one symbol's entries."""
    columns = ("symbol", "line", "kind", "pid", "thread", "t_ns", "phase")

    def change(row):
        if row[0].endswith(symbol):
            for name, value in values.items():
                row[columns.index(name)] = value
        return row

    return change


def only(found, *parts):
    assert len(found) == 1, found
    assert "\n" not in found[0]
    for part in ("snippets/01-one-request.toml: path 'chat', hop '", *parts):
        assert part in found[0], found[0]


def test_what_was_recorded_passes_in_both_configurations(site):
    assert problems(site, "vllm-gpu") == []
    assert problems(site, "vllm-cpu") == []


def test_a_hop_that_was_not_entered(site):
    only(damaged(site, lambda row: None if row[0].endswith("Core.step") else row), "hop 'step'", "not entered")


def test_a_hop_entered_while_warming_up_only(site):
    only(
        damaged(site, at("::send", phase="warmup")), "hop 'send'", "not entered while the request was served", "warmup"
    )


def test_hops_out_of_order_are_both_named(site):
    only(damaged(site, at("Core.step", t_ns=15)), "hop 'step' (Core.step)", "out of order", "hop send (send)")


def test_a_thread_that_came_early_does_not_hide_the_one_in_order(site):
    extra = [f"{CORE}::Core.step", 6, "start", 2, "Other", 5, "request"]
    site.save_recording("vllm-gpu", [*rows("vllm-gpu"), extra])
    assert problems(site) == []


def test_a_hop_in_another_process(site):
    only(damaged(site, at("Core.step", pid=1)), "hop 'step'", "other process", "engine-core", "api-server")


def test_a_hop_at_another_line(site):
    # 9 is the `def` line: a code object begins at its decorator, line 8.
    only(damaged(site, at("::chat", line=9)), "hop 'chat'", "other line", "line 9", "line 8")


def test_a_hop_in_a_file_that_differs(site):
    files = {CORE: "0" * 64, FRONT: "0" * 64}
    found = damaged(site, lambda row: row, files=files)
    assert len(found) == 7 and all("differing file" in line for line in found)


def test_a_hop_in_a_file_without_a_digest(site):
    found = damaged(site, lambda row: row, files={})
    assert found and all("no digest" in line for line in found)


def test_a_standing_hop_that_was_entered_in_the_request(site):
    only(damaged(site, at("Core.loop", phase="request", t_ns=5)), "hop 'loop'", "not standing")
    assert damaged(site, at("Core.loop", phase="warmup", kind="start")) == []


def test_a_compiled_hop_that_was_entered_in_the_request(site):
    only(damaged(site, at("Core.layer", phase="request", t_ns=45)), "hop 'layer'", "compiled")


def test_a_resumed_hop_that_was_started(site):
    only(damaged(site, at("::answer", kind="start")), "hop 'answer'", "not resumed")


def test_a_symbol_that_the_release_lacks_stops(site):
    site.write("snippets/01-one-request.toml", site.manifest.replace("Core.step", "Core.stride"))
    with pytest.raises(SiteError, match="hop 'step'.*stride"):
        problems(site)


def test_a_nested_function_is_found_without_its_locals(site):
    site.write(
        "snippets/01-one-request.toml",
        site.manifest.replace("vllm/core.py::Core.step", "vllm/core.py::Core.schedule.pick"),
    )
    entries = [
        row if not row[0].endswith("Core.step") else [f"{CORE}::Core.schedule.<locals>.pick", 10, *row[2:]]
        for row in rows("vllm-gpu")
    ]
    site.save_recording("vllm-gpu", entries)
    assert problems(site) == []


def test_a_configuration_that_was_not_recorded_has_no_state(site):
    for file in (site.root / "experiments/records/01").glob("path-vllm-cpu*"):
        file.unlink()
    assert problems(site, "vllm-cpu") is None


def test_a_process_without_a_role_stops(site):
    site.save_recording("vllm-gpu", rows("vllm-gpu"), processes=[{"pid": 1, "role": "api-server", "name": "python"}])
    with pytest.raises(SiteError, match="path-vllm-gpu.json: process 2 has no role"):
        problems(site)


def test_partings_are_the_stretches_that_one_configuration_takes(site):
    path = claimed_paths.load_all(site.root)["chat"]
    runs = [(taken, [hop.id for hop in hops]) for taken, hops in claimed_paths.partings(path)]
    both = ("vllm-gpu", "vllm-cpu")
    assert runs == [
        (both, ["loop", "chat", "send", "step"]),
        (("vllm-gpu",), ["forward-gpu", "layer"]),
        (("vllm-cpu",), ["forward-cpu"]),
        (both, ["answer"]),
    ]


@pytest.mark.parametrize(
    ("old", "new", "part"),
    [
        ('kind = "standing"', 'kind = "asleep"', "kind 'asleep'"),
        ('kind = "standing"', 'sort = "standing"', "unknown key 'sort'"),
        ('does = "waits for work"\n', "", "'does' is missing"),
        ('vllm-cpu = "worker"', 'vllm-cpu = "cook"', "no process 'cook'"),
        ('in = { vllm-cpu = "worker" }', 'in = { sglang-gpu = "scheduler" }', "'sglang-gpu'"),
        ('in = { vllm-cpu = "worker" }', "in = {}", "no configuration"),
        (
            'configurations = ["vllm-gpu", "vllm-cpu"]',
            'configurations = ["sglang-gpu"]',
            "no configuration 'sglang-gpu'",
        ),
        ('excerpt = "step"', 'excerpt = "stop"', "'stop' is not defined"),
        ('id = "send"', 'id = "chat"', "two hops are called 'chat'"),
        ('symbol = "vllm/front.py::send"', 'symbol = "send"', "repo/path.py::Qual.name"),
    ],
)
def test_a_manifest_that_is_wrong_stops(site, old, new, part):
    assert old in site.manifest
    site.write("snippets/01-one-request.toml", site.manifest.replace(old, new, 1))
    with pytest.raises(SiteError) as caught:
        claimed_paths.load_all(site.root)
    assert part in str(caught.value) and "snippets/01-one-request.toml" in str(caught.value)


def test_two_paths_with_one_id_stop(site):
    site.write("snippets/02-other.toml", site.manifest.replace('id = "step"', 'id = "stepped"'))
    site.write(
        "snippets/02-other.toml", site.manifest[site.manifest.index("[[path]]") :].replace('excerpt = "step"\n', "")
    )
    with pytest.raises(SiteError, match="path 'chat' is defined in snippets/01-one-request.toml too"):
        claimed_paths.load_all(site.root)
