"""Types of arguments that several commands take."""

import argparse


def count(text: str) -> int:
    """Return a whole number.

    Raises:
        argparse.ArgumentTypeError: it is none.
    """
    if not text.isdigit():
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number")
    return int(text)


def add_overrides(parser: argparse.ArgumentParser) -> None:
    """Let a command take ``key=value`` overrides of the composition."""
    parser.add_argument("overrides", nargs="*", metavar="key=value")
