"""Threads are told apart, also where one gets the ident of another that has ended."""

import _thread
import os
import threading

from experiments.lab.inject.thread_names import ThreadNames


def in_thread(work, name=None):
    thread = threading.Thread(target=work, name=name)
    thread.start()
    thread.join()


def test_each_of_several_threads_of_one_ident_has_its_own_number_and_name():
    names, seen = ThreadNames(), []
    for name in ("alpha", "beta", "gamma"):  # each has ended when the next begins, which often gets its ident
        in_thread(lambda: seen.append((names.number(), names.number())), name)
    assert all(first == again for first, again in seen)
    assert [names.name(number) for number, _ in seen] == ["alpha", "beta", "gamma"]


def test_two_threads_of_one_name_are_told_apart():
    names, seen = ThreadNames(), []
    for _ in range(2):
        in_thread(lambda: seen.append(names.number()), "worker")
    assert [names.name(number) for number in seen] == ["worker", "worker (2)"]


def test_a_thread_that_threading_does_not_know_is_not_called_by_the_name_of_one_that_ended(monkeypatch):
    names, seen, done = ThreadNames(), [], threading.Event()
    in_thread(lambda: seen.append(names.number()), "ended")

    def raw():
        # The same ident, and a dummy that the thread before left behind.
        dummy = threading._DummyThread()
        dummy._native_id = -1
        seen.append(names.number())
        threading._active.pop(threading.get_ident(), None)
        done.set()

    _thread.start_new_thread(raw, ())
    assert done.wait(10)
    assert names.name(seen[1]).startswith("native-")


def test_a_thread_found_standing_keeps_its_name_when_it_runs():
    names, seen = ThreadNames(), []
    go, there, done = threading.Event(), threading.Event(), threading.Event()
    idents = []

    def wait():
        idents.append(threading.get_ident())
        there.set()
        go.wait(10)
        seen.append(names.number())
        done.set()

    _thread.start_new_thread(wait, ())
    assert there.wait(10)
    standing = [names.standing(idents[0]), names.standing(threading.get_ident())]
    seen.append(names.number())
    go.set()
    assert done.wait(10)
    assert [names.name(number) for number in seen] == [names.name(number) for number in reversed(standing)]
    assert names.name(names.standing(threading.get_ident())) == threading.current_thread().name, "asked again"


def test_a_living_thread_that_did_not_ask_has_its_name_too():
    assert ThreadNames().name(threading.get_native_id()) == threading.current_thread().name


def test_a_forked_childs_thread_is_named_as_its_parents():
    read, write = os.pipe()
    child = os.fork()
    if not child:
        names = ThreadNames()
        standing = names.standing(threading.get_ident())
        os.write(write, f"{names.name(standing)},{names.name(names.number())}".encode())
        os._exit(0)
    os.waitpid(child, 0)
    assert os.read(read, 1000).decode() == ",".join([threading.current_thread().name] * 2)
    os.close(read), os.close(write)
