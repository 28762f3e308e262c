"""Python 3.11's profile and trace functions of every thread: which is there, and what is put there.

`sys.setprofile` and `sys.settrace` reach their own thread alone. `_PyEval_SetProfile` and `_PyEval_SetTrace`, which 3.12
calls for `threading.setprofile_all_threads`, reach any; 3.11 exports them without a Python name, and none for reading.
"""

import ctypes
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

FUNCTION = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.py_object, ctypes.c_int, ctypes.c_void_p)
NOTHING = FUNCTION()  # a null pointer


def address(function: Any) -> int | None:
    """Where the code of a FUNCTION lies."""
    return ctypes.cast(function, ctypes.c_void_p).value


class ThreadState(ctypes.Structure):
    """The beginning of a PyThreadState, as every 3.11 has it; its functions are addresses, None where there is none."""

    _fields_ = [
        ("links", ctypes.c_void_p * 3),
        ("flags", ctypes.c_int * 7),
        ("cframe", ctypes.c_void_p),
        ("profile", ctypes.c_void_p),
        ("trace", ctypes.c_void_p),
        ("objects", ctypes.c_void_p * 7),
        ("gilstate_counter", ctypes.c_int),
        ("async_exc", ctypes.c_void_p),
        ("ident", ctypes.c_ulong),
        ("number", ctypes.c_ulong),
    ]


class ThreadStates:
    """Those of this process. A place is a thread state's address; it is good until its thread ends."""

    def __init__(self) -> None:
        self._setting = threading.local()
        api = self._api = ctypes.pythonapi
        for name in ("PyInterpreterState_Get", "PyInterpreterState_ThreadHead", "PyThreadState_Next", "PyThreadState_Get"):
            getattr(api, name).restype = ctypes.c_void_p
        for name in ("PyInterpreterState_ThreadHead", "PyThreadState_Next"):
            getattr(api, name).argtypes = [ctypes.c_void_p]

    def check(self) -> None:
        """RuntimeError where this Python does not have what is needed."""
        for name in ("_PyEval_SetProfile", "_PyEval_SetTrace"):
            if not hasattr(self._api, name):
                raise RuntimeError(f"this Python 3.11 does not export {name}: trace on 3.12 or later")
            setter = getattr(self._api, name)
            setter.argtypes, setter.restype = [ctypes.c_void_p, FUNCTION, ctypes.c_void_p], ctypes.c_int
        own = self.at(self.own())
        if (own.ident, own.number) != (threading.get_ident(), threading.get_native_id()):
            raise RuntimeError("this Python 3.11 lays out its thread states in another way: trace on 3.12 or later")

    def own(self) -> int:
        """The place of the thread that asks."""
        return self._api.PyThreadState_Get()

    def newest(self) -> int:
        """The place of the thread that was made last."""
        return self._api.PyInterpreterState_ThreadHead(self._api.PyInterpreterState_Get())

    def at(self, place: int) -> ThreadState:
        return ThreadState.from_address(place)

    def set_profile(self, place: int, function: Any) -> None:
        self._set(self._api._PyEval_SetProfile, place, function)

    def set_trace(self, place: int, function: Any) -> None:
        self._set(self._api._PyEval_SetTrace, place, function)

    def _set(self, setter: Callable[..., int], place: int, function: Any) -> None:
        self._setting.now = True
        try:
            setter(place, function, None)
        finally:
            self._setting.now = False

    def setting(self) -> bool:
        """Whether the thread that asks is here, and no other code sets a function."""
        return getattr(self._setting, "now", False)

    def each(self, step: Callable[[int], None], but: int | None = None) -> None:
        """Call `step(place)` for every thread except the one at `but`, with no thread ending meanwhile."""
        interval = sys.getswitchinterval()
        # A thread state is freed when its thread ends, which takes the GIL: hold it through the walk.
        sys.setswitchinterval(0.5)
        try:
            time.sleep(0.01)  # requests to give up the GIL made under the old interval pass now
            places, place = [], self.newest()
            while place:
                places.append(place)
                place = self._api.PyThreadState_Next(place)
            for place in places:
                if place != but:
                    step(place)
        finally:
            sys.setswitchinterval(interval)
