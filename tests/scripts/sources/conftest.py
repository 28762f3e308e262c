"""The local index, for every test of what asks one."""

from tests.scripts.sources.local_index import configured, index, second  # noqa: F401
