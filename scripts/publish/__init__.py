"""What is done to the built site: the folder that a generator has written goes in and comes out richer.

A module here is one matter. It reads built pages and the project's data, knows nothing of MkDocs, and stands in
`steps.py` in its place of the order.
"""
