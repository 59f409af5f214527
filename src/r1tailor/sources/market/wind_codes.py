"""What the error codes of a Wind terminal mean, and what to do about each.

The codes and their meanings are those of Wind's published table (its code generator, Tools, error lookup); -103 is what
WindPy itself gives before ``w.start``. What may pass by itself is asked for again, after a new connection where the
session is lost; everything else becomes the error that fits.
"""

from r1tailor.errors import (
    FeedAccessError,
    FeedError,
    FeedLoginError,
    FeedQuotaError,
    FeedRequestError,
    FeedUnavailableError,
)

NO_DATA = -40520007
LOST = frozenset({-103, -40520009, -40522001})  # not started, the terminal's box gone, no valid session
PASSING = LOST | {
    -40520001,
    -40520002,
    -40520003,
    -40520008,
    -40521001,
    -40521002,
    -40521003,
    -40521004,
    -40521005,
    -40521006,
    -40521007,
    -40521008,
    -40521010,
    -40521011,
}

_MEANINGS = {
    -103: "WindPy is not started",
    -40520001: "unknown error",
    -40520002: "internal error",
    -40520003: "system error",
    -40520004: "login failed",
    -40520005: "no right to it",
    -40520006: "cancelled by the user",
    -40520007: "no data",
    -40520008: "timeout",
    -40520009: "WBOX of the terminal is gone",
    -40520010: "the content does not exist",
    -40520011: "the server does not exist",
    -40520012: "the reference does not exist",
    -40520013: "logged in elsewhere",
    -40520014: "not logged in at the terminal",
    -40520015: "too many failed logins",
    -40521001: "input or output failed",
    -40521002: "the server behind is not available",
    -40521003: "no connection to the network",
    -40521004: "sending failed",
    -40521005: "receiving failed",
    -40521006: "network error",
    -40521007: "the server refused",
    -40521008: "wrong answer",
    -40521009: "the data could not be decoded",
    -40521010: "timeout of the network",
    -40521011: "asked too often",
    -40522001: "no valid session",
    -40522002: "unknown data service",
    -40522003: "unknown request",
    -40522004: "a code is not written as Wind codes are",
    -40522005: "a code is not supported",
    -40522006: "a field is not written as fields are",
    -40522007: "a field is not supported",
    -40522008: "an option is not written as options are",
    -40522009: "an option is not supported",
    -40522010: "a date is not written as dates are",
    -40522011: "a date is not supported",
    -40522012: "a parameter is not supported",
    -40522013: "an index is out of bounds",
    -40522014: "an id of a request is used twice",
    -40522015: "no right to this request",
    -40522016: "the type of data is not supported",
    -40522017: "more data than the account may extract",
    -40522018: "several codes and several fields in one request",
}
_KINDS: tuple[tuple[frozenset[int], type[FeedError], str], ...] = (
    (
        frozenset({-40520004, -40520013, -40520014, -40520015}),
        FeedLoginError,
        "log in at the Wind terminal of this machine, with an account that is not in use elsewhere, and continue with "
        "the same command",
    ),
    (
        frozenset({-40520005, -40522015}),
        FeedAccessError,
        "ask Wind for the right to these codes, or take them out of symbols",
    ),
    (
        frozenset({-40522017}),
        FeedQuotaError,
        "what came before is stored. Wind counts over the last seven days: continue with the same command later, or "
        "ask for fewer symbols",
    ),
    (
        frozenset({-40520010, -40520011, -40520012, -40521009, *range(-40522018, -40522001)}),
        FeedRequestError,
        "compare symbols, field and options with the code generator of the terminal",
    ),
    (PASSING, FeedUnavailableError, "look whether the terminal runs and is online, and continue with the same command"),
)


def meaning(code: int) -> str:
    """Return the code with what it means, where that is published."""
    return f"error {code} ({_MEANINGS.get(code, 'not in the published table')})"


def error(code: int, where: str, said: str = "") -> FeedError:
    """Return the error that a code is.

    Args:
        code: the terminal's.
        where: which request it was, and of which source.
        said: what the terminal said with it.
    """
    kind, advice = next(
        ((kind, advice) for codes, kind, advice in _KINDS if code in codes),
        (FeedError, "look it up in the code generator of the terminal (Tools, error lookup)"),
    )
    quoted = f", which says {said!r}" if said else ""
    return kind(f"{where}: the Wind terminal gives {meaning(code)}{quoted}; {advice}")
