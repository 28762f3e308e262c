"""Scripts that run in an engine's own interpreter and print one JSON object.

The driving side imports of them only modules of worker_kit that need nothing but the standard library: what both sides
must agree on, such as the streams that are sent.
"""
