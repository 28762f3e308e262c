"""What is dear is made once for the same input, and forgotten when nobody asks for it any more."""

import os
import time

from scripts.common.content_cache import KEPT, Cache, drop_old


def test_the_same_input_is_made_once(tmp_path):
    cache, made = Cache(tmp_path, "code"), []

    def make():
        made.append(1)
        return b"x"

    assert [cache.get([b"a", b"b"], make) for _ in range(3)] == [b"x"] * 3
    assert cache.get([b"ab"], make) == b"x" and len(made) == 2  # where one part ends is part of the input


def test_what_nobody_asked_for_goes(tmp_path):
    cache = Cache(tmp_path, "code")
    for name in (b"old", b"used"):
        cache.get([name], lambda: b"x")
    past = time.time() - KEPT - 60
    for file in cache.folder.iterdir():
        os.utime(file, (past, past))
    cache.get([b"used"], lambda: b"never")
    drop_old(tmp_path)
    assert len(list(cache.folder.iterdir())) == 1 and cache.get([b"used"], lambda: b"never") == b"x"
