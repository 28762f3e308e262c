"""`mkdocs`, for one build: the same command, in a process that ends without delay."""

from mkdocs.__main__ import cli

from scripts.common import short_lived


def main() -> None:
    try:
        cli()
    except SystemExit as end:  # click's way to say that all went well, too
        if end.code:
            raise


if __name__ == "__main__":
    short_lived.run(main)
