"""A probe is put where the source's name says, or refused; the program gets what it got without."""

import pytest

from experiments.lab.inject.control import InjectionError
from tests.lab.fakes.traced_program import VERSIONS, Program

PARTS = """
    import asyncio, contextlib, dataclasses, enum, functools, inspect, pickle
    from functools import cached_property, lru_cache, partial, partialmethod, singledispatch, singledispatchmethod

    class Meta(type):
        def of_metaclass(cls): return "of_metaclass", cls.__name__
        def __setattr__(cls, name, value): raise AttributeError("closed")

    class Base(metaclass=Meta):
        value = 5
        def __private(self): return "private"
        def call_private(self): return self.__private()
        def method(self, a, b=2, *, c=3): return a, b, c
        alias = method
        @property
        def size(self):
            "Its size."
            return self.value
        @property
        def fails(self): raise AttributeError("as before")
        @cached_property
        def kept(self):
            "What is kept."
            return [self.value]
        @cached_property
        def __hidden(self): return "hidden"
        def call_hidden(self): return self.__hidden
        def many(self, *args, **kwargs): return "many", args, sorted(kwargs)
        some = partialmethod(many, 1, key=2)
        @partialmethod
        def partly(self): return "partly"
        @partialmethod
        @classmethod
        def partly_class(cls): return "partly", cls.__name__
        @classmethod
        def of_class(cls): return "of_class", cls.__name__
        @staticmethod
        def alone(x=1): return "alone", x
        @lru_cache(maxsize=None)
        def cached(self, x): return [x]
        @contextlib.contextmanager
        def managed(self):
            yield "managed"
        @contextlib.asynccontextmanager
        async def managed_async(self):
            yield "managed"
        async def coro(self): return "coro"
        def gen(self):
            got = yield 1
            try: yield got
            except LookupError: yield "caught"
            return "returned"
        async def stream(self):
            got = yield 1
            try: yield got
            except LookupError: yield "caught"
        async def fragile(self):
            try: yield 1
            finally: Base.closed.append("closed")
        closed = []
        def __len__(self): return 7
        def __call__(self): return "called"
        class Inner:
            def __deep(self): return "deep"
            def call(self): return self.__deep()
    class Child(Base):
        @cached_property
        def kept(self): return [*super().kept, "child"]

    def sync(function):
        @functools.wraps(function)
        def call(*args): return asyncio.run(function(*args))
        return call
    def handed_on(function):
        @functools.wraps(function)
        def call(*args): return function(*args)
        return call
    @sync
    async def run_by_decorator(): return "ran"
    @handed_on
    async def awaited_later(): return "awaited"
    @handed_on
    async def streamed_later():
        got = yield 1
        yield got
    @handed_on
    def generated_later():
        got = yield 1
        yield got

    @dataclasses.dataclass(slots=True)
    class Slotted:
        x: int = 3
        def read(self): return self.x
    class Colour(enum.Enum):
        RED = 1
        def shade(self): return "shade", self.name
    @singledispatch
    def dispatched(x): return "object"
    @dispatched.register(int)
    def _(x): return "int"
    @lru_cache(maxsize=2)
    def slow(x): return [x]
    def plain(a, b: int = 2, *args, c=3, **more) -> tuple: return a, b, c
    plain.tag = "a tag"

    # ---- what no probe can stand in for
    class ClassProperty(property):
        def __get__(self, thing, owner=None): return self.fget(owner)
    class Another:
        def __init__(self, function): self.function = function
        def __get__(self, thing, owner=None): return "of the descriptor"
    class Subscripted:
        def __init__(self, function): self.function = function
        def __getitem__(self, grid): return self.function
    class Odd:
        __slots__ = ("slot",)
        @ClassProperty
        def of_class(cls): return "by a property's subclass"
        @Another
        def described(self): pass
        @singledispatchmethod
        def dispatched(self, x): return "object"
        @dispatched.register
        def for_int(self, x: int): return "int"
        no_getter = property(None, lambda self, value: None)
        number = 3
        length = len
        class Nested: pass
    @Subscripted
    def kernel(): return "kernel"
    def registered(): return "registered"
    REGISTRY = {"registered": registered}
    def by_partial(): return "partial"
    shown = partial(by_partial)
    def wrapped(): return "wrapped"
    decorated = lru_cache(wrapped)
    def maker():
        def nested(): return "nested"
        return nested
    def factory(): return maker()

    def setup(): pass
    def attempt(call):
        try: return call()
        except Exception as error: return type(error).__name__, str(error)
    def listed(stream):
        async def each():
            return [item async for item in stream]
        return asyncio.run(each())
    def sent_into(generator):
        try:
            got = [next(generator), generator.send("sent"), generator.throw(LookupError)]
            next(generator)
        except StopIteration as stop:
            return got, stop.value
    async def into_stream(stream):
        got = [await stream.asend(None), await stream.asend("sent"), await stream.athrow(LookupError)]
        try: await stream.asend(None)
        except StopAsyncIteration: got.append("ended")
        return got
    async def left(stream):
        async for _ in stream: break
        await stream.aclose()
        return list(Base.closed)
    async def entered(manager):
        async with manager as value: return value
    def kind_of(owner, name): return type(inspect.getattr_static(owner, name)).__name__

    def exercise(what):
        Base.closed.clear()
        b, child = Base(), Child()
        with b.managed() as managed: pass
        return [
            managed, b.call_private(), b.method(1), b.method(1, 5, c=6), Base.alias is Base.method, b.size,
            attempt(lambda: b.fails), attempt(lambda: setattr(b, "size", 1)), Base.size.__doc__,
            (b.kept, b.kept is b.kept, vars(b)), (child.kept, sorted(vars(child))), Base.kept.__doc__, b.call_hidden(),
            b.some(3, other=4), b.partly(), b.partly_class(), Base.of_class(), Child.of_class(), b.of_class(),
            b.alone(), Base.alone(2), b.cached(1) is b.cached(1), Base.cached.cache_info(), Base.cached.cache_clear(),
            Base.cached.cache_parameters(), asyncio.run(entered(b.managed_async())), asyncio.run(b.coro()),
            sent_into(b.gen()), asyncio.run(into_stream(b.stream())), asyncio.run(left(b.fragile())), len(b), b(),
            Base.Inner().call(), Base.of_metaclass(), attempt(lambda: setattr(Base, "x", 1)),
            run_by_decorator(), asyncio.run(awaited_later()), listed(streamed_later()), list(generated_later()),
            Slotted().read(), Slotted(4).read(), Colour.RED.shade(), list(Colour), dispatched(""), dispatched(1),
            dispatched.dispatch(bool).__name__, slow(1) is slow(1), slow.cache_info()[:2] if slow.cache_clear() else 0,
            slow.cache_clear(), slow.__wrapped__(1), plain(1), plain(1, 5, 6, c=7, d=8), attempt(lambda: plain()),
            plain.tag, inspect.getfullargspec(plain), str(inspect.signature(plain)), plain.__defaults__,
            plain.__kwdefaults__,
            plain.__name__, plain.__annotations__, pickle.loads(pickle.dumps(plain)) is plain,
            inspect.getsource(plain)[:9], inspect.iscoroutinefunction(Base.coro),
            inspect.isasyncgenfunction(Base.stream), inspect.isgeneratorfunction(Base.gen),
            inspect.iscoroutinefunction(awaited_later), Odd.of_class, Odd().described,
            Odd().dispatched(""), Odd().dispatched(1), attempt(lambda: Odd().no_getter), attempt(lambda: Odd().slot),
            Odd.number, Odd().length("ab"), isinstance(Odd.Nested(), Odd.Nested), kernel[1](), REGISTRY["registered"](),
            shown(), decorated(), factory()(),
            {name: kind_of(Base, name) for name in ("size", "kept", "partly", "of_class", "alone", "method")},
        ]
    """
# What is probed, and how many calls of it one round makes.
PLACED = {
    "Base.__private": 1, "Base.method": 2, "Base.size": 1, "Base.fails": 1, "Base.kept": 2, "Child.kept": 1,
    "Base.__hidden": 1, "Base.some": 1, "Base.partly": 1, "Base.partly_class": 1, "Base.of_class": 3,
    "Base.alone": 2, "Base.cached": 2, "Base.managed": 1, "Base.managed_async": 1, "Base.coro": 1, "Base.gen": 1,
    "Base.stream": 1, "Base.fragile": 1, "Base.__len__": 1, "Base.__call__": 1, "Base.Inner.__deep": 1,
    "Meta.of_metaclass": 1, "run_by_decorator": 1, "awaited_later": 1, "streamed_later": 1, "generated_later": 1,
    "Slotted.read": 2, "Colour.shade": 1, "dispatched": 2, "slow": 2, "plain": 3, "maker": 1,
}  # fmt: skip
REFUSED = {
    "Base.many": "is held by a functools.partialmethod too", "Base.nothing": "has no Base.nothing",
    "Child.size": "has no Child.size of its own: it is that of vllm.parts.Base; name that",
    "Base._Base__nothing": "has no Base._Base__nothing", "Base": "is a vllm.parts.Meta",
    "Child.of_metaclass": "has no Child.of_metaclass", "Odd.of_class": "is a vllm.parts.ClassProperty",
    "Odd.described": "is a vllm.parts.Another", "Odd.dispatched": "is a functools.singledispatchmethod",
    "Odd.for_int": "is held by a builtins.dict too", "Odd.no_getter": "is a builtins.property",
    "Odd.slot": "is a builtins.member_descriptor", "Odd.number": "is a builtins.int",
    "Odd.length": "is a builtins.builtin_function_or_method", "Odd.Nested": "is a builtins.type",
    "kernel": "is a vllm.parts.Subscripted", "registered": "is held by a builtins.dict too",
    "by_partial": "is held by a functools.partial too", "shown": "is a functools.partial",
    "wrapped": "is held by a", "maker.nested": "has no class maker in maker.nested", "nowhere.at_all": "has no nowhere",
}  # fmt: skip


def probes(names):
    return [{"stage": name, "module": "vllm.parts", "qualname": name} for name in names]


@pytest.fixture(scope="module", params=VERSIONS)
def version(request):
    return request.param


@pytest.fixture(scope="module")
def without(version, tmp_path_factory):
    """What the program answers where nothing is probed."""
    with Program(tmp_path_factory.mktemp("p"), PARTS, version, "stages") as program:
        return [program.ask("round") for _ in range(3)]


def test_the_program_gets_what_it_got_and_every_call_is_timed(version, without, tmp_path):
    with Program(tmp_path, PARTS, version, "stages", probes(PLACED)) as program:
        assert [program.ask("round"), *program.armed("round"), program.ask("round")] == without
        lines = program.injection.read()
    assert {line["probe"] for line in lines if "probe" in line} == PLACED.keys()
    calls = [line["stage"] for line in lines if "stage" in line]
    assert {name: calls.count(name) for name in PLACED} == PLACED
    assert {line["thread"] for line in lines if "stage" in line} == {"MainThread"}


def test_what_a_probe_cannot_stand_in_for_is_refused_in_a_line_and_left_as_it_is(version, without, tmp_path):
    with Program(tmp_path, PARTS, version, "stages", probes(REFUSED)) as program:
        assert [program.ask("round"), *program.armed("round"), program.ask("round")] == without
        lines = program.injection.read(strict=False)
        with pytest.raises(InjectionError) as raised:
            program.injection.read()
    assert not [line for line in lines if "probe" in line or "stage" in line]
    errors = [line["error"] for line in lines if "error" in line]
    for name, why in REFUSED.items():
        (error,) = [error for error in errors if error.startswith(f"vllm.parts: stage {name}: ")]
        assert why in error and "\n" not in error
    assert len(str(raised.value).splitlines()) == 1 and "Traceback" not in str(raised.value)


FROZEN = """
    import gc
    def plain(): return 1
    gc.freeze()
    def setup(): pass
    def exercise(what): return plain()
    """


def test_a_function_that_the_collector_no_longer_sees_is_timed_too(version, tmp_path):
    with Program(tmp_path, FROZEN, version, "stages", probes(["plain"])) as program:
        assert program.armed("round") == ["1"]
        assert [line["stage"] for line in program.injection.read() if "stage" in line] == ["plain"]


THREADS = """
    import threading
    def plain(): pass
    def setup(): pass
    def exercise(what):
        for name in ("alpha", "beta", "beta"):  # each has ended when the next begins, which often gets its ident
            thread = threading.Thread(target=plain_of_the_module, name=name)
            thread.start(); thread.join()
    def plain_of_the_module(): plain()
    """


def test_a_call_bears_the_name_of_its_thread_which_has_ended_when_it_is_written(version, tmp_path):
    with Program(tmp_path, THREADS, version, "stages", probes(["plain"])) as program:
        program.armed("round")
        assert [line["thread"] for line in program.injection.read() if "stage" in line] == ["alpha", "beta", "beta (2)"]
