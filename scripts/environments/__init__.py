"""Interpreters with what they need: the site's own, one an engine, and the locks they are made from."""
