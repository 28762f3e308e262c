"""One module a block of a page: excerpt, call path, claim, replay, table of defaults."""
