"""What the lab and the pages share: how a file is written whole, how JSON and records are read and checked, and the
form in which both write a value.

Both `scripts` and `experiments.lab` may import this; it imports neither. Errors are FormatError, whose text says what
is wrong; the side that reads adds the file and what to do, in its own error. Standard library, and jsonschema where a
schema is asked for.
"""
