"""What the tracer records of a program, on each Python: how a function is entered, by which thread, which of two."""

import pytest

from tests.lab.fakes.traced_program import VERSIONS, Program, entries

PARTS = """
    import _thread, asyncio, contextlib, threading

    def sent():
        while True: yield
    def thrown():
        try:
            while True: yield
        except KeyError:
            handler()
            yield "caught"
    def closed():
        try: yield
        finally: handler()
    def throws_itself():
        got = yield
        return S.another.throw(KeyError), handler()
    def unbegun():
        handler()
        yield
    def inner():
        try: yield
        except KeyError: pass
    def outer():
        yield from inner()
        after_inner()
        yield "outer"
    @contextlib.contextmanager
    def managed():
        try: yield
        except ValueError: pass
    @contextlib.asynccontextmanager
    async def managed_async():
        try: yield
        except ValueError: pass
    async def cancelled():
        try: await asyncio.sleep(30)
        finally: handler()
    async def timed_out():
        await asyncio.sleep(30)
    async def closed_coroutine():
        try: await asyncio.sleep(30)
        finally: handler()
    async def never_begun(): handler()
    async def stream():
        try:
            while True: yield
        except LookupError:
            yield "caught"
        finally: handler()
    async def closed_stream():
        try: yield
        finally: handler()
    def handler(): pass
    def after_inner(): pass

    def shared(): return 1
    class Thing:
        @property
        def size(self): return 1
        @size.setter
        def size(self, value): handler()
        @size.deleter
        def size(self): handler()
    def twice(): return 1
    first_of_two = twice
    def twice(): return 2

    class S: pass

    def setup():
        for make in (sent, thrown, closed, outer):
            setattr(S, make.__name__, make())
            next(getattr(S, make.__name__))
        S.another = thrown(); next(S.another)
        S.itself = throws_itself(); next(S.itself)
        S.unbegun = unbegun()
        S.managed = managed(); S.managed.__enter__()
        S.loop = asyncio.new_event_loop()
        async def begin():
            S.task = asyncio.ensure_future(cancelled())
            S.waiting = asyncio.ensure_future(asyncio.wait_for(timed_out(), 0.4))
            S.stream, S.closed_stream, S.managed_async = stream(), closed_stream(), managed_async()
            await S.stream.asend(None); await S.closed_stream.asend(None); await S.managed_async.__aenter__()
            S.coroutine = closed_coroutine(); S.coroutine.send(None)
            await asyncio.sleep(0.01)
        S.loop.run_until_complete(begin())

    async def end():
        S.task.cancel()
        never = asyncio.ensure_future(never_begun())
        never.cancel()
        await asyncio.wait([S.task, never, S.waiting])
        await S.managed_async.__aexit__(ValueError, ValueError(), None)
        await S.closed_stream.aclose()
        return await S.stream.athrow(LookupError)

    def each_of(names, start):
        for name in names: start(name)

    def named(name):
        thread = threading.Thread(target=shared, name=name)
        thread.start(); thread.join()

    def raw(_):
        done = threading.Event()
        def run():
            shared(); done.set()
        _thread.start_new_thread(run, ()); done.wait()

    def exercise(what):
        if what == "throw":
            next(S.sent)
            S.closed.close()
            S.coroutine.close()
            S.managed.__exit__(ValueError, ValueError(), None)
            try: S.unbegun.throw(KeyError)
            except KeyError: pass
            return S.thrown.throw(KeyError), S.outer.throw(KeyError), S.loop.run_until_complete(end())
        if what == "throws itself":
            try: next(S.itself)
            except StopIteration as stop: return stop.value
        if what == "threads": return each_of(["alpha", "beta", "same", "same"], named)
        if what == "raw": return each_of(["x"], named), each_of(["y"], raw)
        thing = Thing()
        if what == "setter": thing.size = 2; return thing.size
        if what == "deleter":
            del thing.size
            thing.size = 3
            return thing.size
        if what == "redefined": return first_of_two(), twice()
        if what == "redefined, the last first": return twice(), first_of_two()
    """


@pytest.fixture(scope="module", params=VERSIONS)
def program(request, tmp_path_factory):
    with Program(tmp_path_factory.mktemp("p"), PARTS, request.param) as started:
        started.injection.arm()  # the first arming has the whole warm-up behind it
        started.injection.disarm()
        yield started


def recorded(program, what):
    """(answer, (name, kind, line, thread) of each entry while it was done)."""
    program.injection.clear()
    (answer,) = program.armed(what)
    return answer, entries(program.injection.read())


THROWN = """sent thrown closed managed cancelled closed_coroutine timed_out stream closed_stream managed_async inner
    outer""".split()


def test_what_an_exception_is_thrown_into_is_resumed(program):
    answer, seen = recorded(program, "throw")
    assert answer == "('caught', 'outer', 'caught')"
    kinds = {name: kind for name, kind, _, _ in seen}
    assert {name: kinds.get(name) for name in THROWN} == dict.fromkeys(THROWN, "resume")
    assert kinds["handler"] == kinds["after_inner"] == "start"
    assert not {"unbegun", "never_begun"} & kinds.keys(), "nothing of them runs"


def test_a_generator_that_throws_into_another_is_entered_once(program):
    answer, seen = recorded(program, "throws itself")
    assert answer == "('caught', None)"
    kinds = [(name, kind) for name, kind, _, _ in seen]
    assert kinds == [("exercise", "start"), ("throws_itself", "resume"), ("thrown", "resume"), ("handler", "start")]


def test_a_thread_that_gets_the_ident_of_another_has_its_own_name_and_entries(program):
    _, seen = recorded(program, "threads")
    assert [thread for name, _, _, thread in seen if name == "shared"] == ["alpha", "beta", "same", "same (2)"]


def test_a_thread_unknown_to_threading_is_not_called_like_one_that_ended(program):
    _, seen = recorded(program, "raw")
    first, second = [thread for name, _, _, thread in seen if name == "shared"]
    assert first == "x" and second.startswith("native-")


@pytest.mark.parametrize(
    ("what", "name", "order"),
    [
        ("setter", "Thing.size", ["@size.setter", "@property"]),
        ("deleter", "Thing.size", ["@size.deleter", "@size.setter", "@property"]),
        ("redefined", "twice", ["def twice(): return 1", "def twice(): return 2"]),
        ("redefined, the last first", "twice", ["def twice(): return 2", "def twice(): return 1"]),
    ],
)
def test_each_of_several_functions_of_one_name_is_recorded(program, what, name, order):
    _, seen = recorded(program, what)
    assert [line for each, _, line, _ in seen if each == name] == [program.line_of(text) for text in order]
