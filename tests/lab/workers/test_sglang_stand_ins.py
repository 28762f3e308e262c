"""The stand-ins: a name for what is imported, an error for what is called."""

import importlib.util
import sys

import pytest

from experiments.lab.host.run_worker import WORKERS


@pytest.fixture
def stand_ins(monkeypatch):
    """The module, made anew, with a stand-in for a package that nobody has."""
    spec = importlib.util.spec_from_file_location("stand_ins_here", WORKERS / "headless/sglang_stand_ins.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(sys, "meta_path", [*sys.meta_path, module._Finder(("triton_of_nobody",))])
    yield module
    for name in [name for name in sys.modules if name.startswith("triton_of_nobody")]:
        del sys.modules[name]


def test_whatever_is_imported_has_a_name(stand_ins):
    import triton_of_nobody.language as language
    from triton_of_nobody.language.extra import libdevice

    assert language.load.path == "triton_of_nobody.language.load"
    assert libdevice.exp.path == "triton_of_nobody.language.extra.libdevice.exp"
    assert not isinstance(3, language.tensor) and (language.tensor | None)
    assert language.tensor[3] is not None

    class Mine(language.tensor):
        pass

    assert Mine.__name__ and stand_ins.called == []


def test_what_is_called_raises_and_is_remembered(stand_ins):
    import triton_of_nobody

    with pytest.raises(stand_ins.StandInCalled, match="triton_of_nobody.cdiv was called, and only a stand-in is here"):
        triton_of_nobody.cdiv(3, 2)
    assert stand_ins.called == ["triton_of_nobody.cdiv"]


def test_a_kernel_is_defined_and_never_launched(stand_ins):
    jit = stand_ins.Name("triton.jit")
    plain, with_options = jit(lambda: 1), jit(do_not_specialize=["x"])(lambda: 1)
    assert stand_ins.Name("triton.autotune")(configs=[stand_ins.Name("triton.Config")({}, num_warps=4)])(plain)
    assert stand_ins.called == []
    for kernel in (plain, with_options):
        with pytest.raises(stand_ins.StandInCalled, match="triton.jit"):
            kernel[(1,)](1, 2)
    assert stand_ins.called == ["triton.jit()", "triton.jit()"]


def test_a_package_that_is_there_has_no_stand_in(stand_ins):
    before = list(sys.meta_path)
    assert stand_ins.install(("json", "email")) == []
    assert sys.meta_path == before
