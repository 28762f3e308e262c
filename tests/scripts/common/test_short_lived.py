"""A process that ends with its work says its status and its words, and ends at once."""

import gc
import subprocess
import sys

import pytest

from scripts.common import short_lived

WORDS = """
import gc, sys
from scripts.common import short_lived

class Kept:
    def __del__(self):
        print("let go")

kept = Kept()

def work():
    print("said", gc.isenabled())
    print("said aloud", file=sys.stderr)
    {end}

short_lived.run(work)
"""


@pytest.mark.parametrize(("end", "status"), [("pass", 0), ("return 3", 3)])
def test_it_says_all_and_lets_go_of_nothing(end, status):
    done = subprocess.run([sys.executable, "-c", WORDS.format(end=end)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (status, "said False\n", "said aloud\n")


def test_what_is_raised_goes_on():
    def work():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        short_lived.run(work)
    assert gc.isenabled()
