"""Types of arguments that several commands take."""

import argparse
import re

_UNITS = {"gib": 2**30, "gb": 10**9, "mib": 2**20, "mb": 10**6}
_SIZE = re.compile(r"(\d{1,9}(?:\.\d{1,6})?) ?(gib|gb|mib|mb)", re.IGNORECASE | re.ASCII)


def count(text: str) -> int:
    """Return a whole number.

    Raises:
        argparse.ArgumentTypeError: it is none.
    """
    if not text.isdigit():
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number")
    return int(text)


def positive(text: str) -> int:
    """Return a whole number of at least one.

    Raises:
        argparse.ArgumentTypeError: it is none.
    """
    if not count(text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least 1")
    return int(text)


def size(text: str) -> int:
    """Return bytes.

    >>> size("80GiB"), size("24 GB")
    (85899345920, 24000000000)

    Raises:
        argparse.ArgumentTypeError: it is no size, or none at all.
    """
    found = _SIZE.fullmatch(text.strip())
    amount = round(float(found[1]) * _UNITS[found[2].lower()]) if found else 0
    if not amount:
        raise argparse.ArgumentTypeError(f"{text!r} is not a size; write it as 80GiB, 24GB or 500MiB")
    return amount


def add_overrides(parser: argparse.ArgumentParser) -> None:
    """Let a command take ``key=value`` overrides of the composition."""
    parser.add_argument("overrides", nargs="*", metavar="key=value")
