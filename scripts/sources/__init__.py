"""A pinned artifact: fetched, unpacked, searched for a symbol."""
