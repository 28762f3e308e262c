"""Functions are found by the name that the source gives them, and nothing of the program runs meanwhile."""

import pytest

from experiments.lab.inject.calls.code_search import private
from scripts.sources import python_symbols
from tests.lab.fakes.traced_program import VERSIONS, Program

# Every function whose first line ends with a comment that is a number: it is called, and returns the number.
PARTS = '''
    import asyncio, contextlib, functools, time
    from functools import cached_property, lru_cache, partial, partialmethod, singledispatch, singledispatchmethod

    def of_another_kind(function):
        "A descriptor of a kind that nobody knows, which keeps the function in a slot and tells when it is looked at."
        return Another(function)
    class Another:
        __slots__ = ("kept", "name")
        looked = []
        def __init__(self, function): self.kept = function
        def __set_name__(self, owner, name): self.name = name
        def __get__(self, thing, owner=None):
            Another.looked.append(self.name)
            return self.kept if thing is None else partial(self.kept, thing)
        def __getattr__(self, name):
            Another.looked.append(name)
            raise AttributeError(name)
    def hidden_in_a_list(function): return Held([function])
    class Held:
        def __init__(self, held): self.held = held
        def __call__(self, *args): return self.held[0](*args)
    def registered(function):
        REGISTRY.append(function)
    REGISTRY = []

    class Meta(type):
        def of_metaclass(cls):
            return 1  # Meta.of_metaclass
        @property
        def attribute_of_class(cls):
            return 1  # Meta.attribute_of_class

    class Base(metaclass=Meta):
        def __private(self):
            return 1  # Base.__private
        def call_private(self):
            return self.__private()  # Base.call_private
        @property
        def size(self):
            return 1  # Base.size
        @size.setter
        def size(self, value):
            self.set = value
        @cached_property
        def kept(self):
            return 1  # Base.kept
        @cached_property
        def __private_kept(self):
            return 1  # Base.__private_kept
        def call_private_kept(self): return self.__private_kept
        @partialmethod
        def partly(self):
            return 1  # Base.partly
        @classmethod
        def of_class(cls):
            return 1  # Base.of_class
        @staticmethod
        def __alone():
            return 1  # Base.__alone
        def call_alone(self): return self.__alone()
        @lru_cache(maxsize=None)
        def cached(self):
            return 1  # Base.cached
        @singledispatchmethod
        def dispatched(self, x):
            return 1  # Base.dispatched
        @dispatched.register
        def for_int(self, x: int):
            return 1  # Base.for_int
        @of_another_kind
        def of_another(self):
            return 1  # Base.of_another
        @hidden_in_a_list
        def in_a_list():
            return 1  # Base.in_a_list
        @contextlib.contextmanager
        def managed(self):
            yield 1  # Base.managed
        async def awaited(self):
            return 1  # Base.awaited
        class Inner:
            def __deep(self):
                return 1  # Base.Inner.__deep
            def call(self): return self.__deep()
        class __Inner:
            def method(self):
                return 1  # Base.__Inner.method
        def call_inner(self): return self.__Inner().method()
        def outer(self):
            def nested():
                class Local:
                    def __method(self):
                        return 1  # Base.outer.nested.Local.__method
                    def call(self): return self.__method()
                return Local().call()  # Base.outer.nested
            return nested()
        def in_a_branch(self):
            if self:
                async def nested():
                    return 1  # Base.in_a_branch.nested
            return asyncio.run(nested())

    class Child(Base):
        @cached_property
        def kept(self):
            return super().kept  # Child.kept

    class __Mangled:
        def __secret(self):
            return 1  # __Mangled.__secret
        def go(self): return self.__secret()
    mangled = __Mangled

    class ___:
        def __not_mangled(self):
            return 1  # ___.__not_mangled
        def go(self): return self.__not_mangled()

    @singledispatch
    def dispatched(x):
        return 1  # dispatched
    @dispatched.register(int)
    def of_int(x):
        return 1  # of_int
    @registered
    def only_registered():
        return 1  # only_registered
    def maker():
        global made_global, MadeGlobal
        if True:
            @functools.wraps(print)
            def made_global():
                return 1  # maker.made_global
        class MadeGlobal:
            def method(self):
                return 1  # maker.MadeGlobal.method
    maker()
    if time.time() > 0:
        def branch():
            return 1  # branch
    else:
        def branch():
            return 2
    def deleted():
        return 1  # deleted
    kept_elsewhere = deleted
    del deleted

    def setup(): pass
    def exercise(what):
        if what == "looked": return Another.looked
        b = Base()
        got = [Base.of_metaclass(), Base.attribute_of_class, b.call_private(), b.size, Child().kept,
               b.call_private_kept(), b.partly(), b.of_class(), b.call_alone(), b.cached(), b.dispatched(""),
               b.dispatched(1), b.of_another(), b.in_a_list(),
               b.managed().__enter__(), asyncio.run(b.awaited()), Base.Inner().call(), b.call_inner(),
               b.outer(), b.in_a_branch(), mangled().go(), ___().go(), dispatched(""), dispatched(1), REGISTRY[0](),
               made_global(), MadeGlobal().method(), branch(), kept_elsewhere()]
        b.size = 2
        return set(got)
    '''

def watched_in(program, what, names):
    """The lines of the last arming, in which `what` was asked and the names were watched."""
    program.armed(what, plan={"lines": [["vllm/parts.py", name] for name in names]})
    return [line for line in program.injection.read() if line.get("arming") == program.injection.generation - 1]


def wanted(program):
    """The name of each function that is called -> its last line, which says the name."""
    found = [line.rpartition("  # ") + (number,) for number, line in enumerate(program.text.split("\n"), 1)]
    return {name: number for before, sign, name, number in found if sign}


@pytest.fixture(scope="module", params=VERSIONS)
def program(request, tmp_path_factory):
    with Program(tmp_path_factory.mktemp("p"), PARTS, request.param) as started:
        yield started


def test_every_function_is_entered_and_watched_by_the_name_in_the_source(program):
    names = wanted(program)
    assert len(names) > 30
    looked = program.ask("looked")
    plan = {"lines": [["vllm/parts.py", name] for name in names]}
    answers = program.armed("exercise", "looked", plan=plan)
    assert answers == ["{1}", str([*eval(looked), "of_another"])], "looked at by the program's own call alone"
    lines = [line for line in program.injection.read() if "watched" in line or line.get("phase") == "request"]
    entered, ran, watched = {}, {}, set()
    for line in lines:
        name = (line.get("symbol") or line["watched"]).partition("::")[2]
        if "watched" in line:
            watched.add(name)
        else:
            (ran if line["kind"] == "line" else entered).setdefault(name, set()).add(line["line"])
    assert sorted(names.keys() - entered) == [], "not entered under its name"
    assert sorted(names.keys() - watched) == [], "not watched"
    assert {name: number in ran.get(name, ()) for name, number in names.items()} == dict.fromkeys(names, True)
    table = python_symbols.table(program.text)
    for name in names:
        at = [python_symbols.of_code(table, name, line) for line in entered[name]]
        assert [symbol for symbol in at if symbol and symbol.name == name], f"{name}: not the symbol's line"


@pytest.mark.parametrize("name", ["Base.nothing", "nothing", "Base.outer.nothing", "made_global", "deleted.x",
                                  "Child.size", "Base._Base__private"])  # fmt: skip
def test_a_name_that_the_source_does_not_have_is_not_watched(program, name):
    lines = watched_in(program, "exercise", [name])
    assert lines and not [line for line in lines if "watched" in line or line.get("kind") == "line"]


def test_a_function_that_is_there_and_does_not_run_is_watched(program):
    lines = watched_in(program, "looked", ["Base.__private", "maker.made_global"])
    assert len([line for line in lines if "watched" in line]) == 2


@pytest.mark.parametrize(
    ("name", "enclosing", "kept"),
    [("__x", "C", "_C__x"), ("__x", "__C", "_C__x"), ("__x__", "C", "__x__"), ("_x", "C", "_x"), ("__x", "__", "__x"),
     ("__x", "", "__x")],
)  # fmt: skip
def test_private_names(name, enclosing, kept):
    assert private(name, enclosing) == kept
