"""Bytes become text, or are said to be none: what a file is written in has to be found out.

The order is that of certainty: a byte order mark, then what the page declares, then UTF-8, which hardly anything else
passes for, then GB18030, in which most Chinese text that is not UTF-8 is written.
"""

import codecs
import re
from collections.abc import Iterator

# The mark of UTF-32 begins with that of UTF-16.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_DECLARATION = re.compile(
    rb"<(?:meta[^>]*?\bcharset|\?xml[^>]*?\bencoding)\s*=\s*[\"']?\s*"
    rb"(utf-?8|gb2312|gbk|gb18030|big5|iso-8859-\d\d?|windows-\d+|koi8-[ru]|shift_jis|euc-(?:jp|kr))\b",
    re.IGNORECASE,
)
_DECLARED_WITHIN = 1024  # bytes; the HTML standard says so
# What browsers take a declaration for: pages use the larger sets under the names of the smaller ones.
_MEANT = {"gb2312": "gb18030", "gbk": "gb18030", "big5": "big5hkscs", "iso-8859-1": "windows-1252"}


def decoded(raw: bytes, *, declares: bool) -> str | None:
    """Return the text of a file; None if it is in none of the encodings that are tried.

    Args:
        raw: the bytes of the file.
        declares: whether it may say itself in which encoding it is, as HTML does.
    """
    for mark, encoding in _MARKS:
        if raw.startswith(mark):
            return _strict(raw.removeprefix(mark), encoding)
    tried = (_strict(raw, encoding) for encoding in _candidates(raw, declares))
    return next((text for text in tried if text is not None), None)


def _candidates(raw: bytes, declares: bool) -> Iterator[str]:
    declaration = _DECLARATION.search(raw[:_DECLARED_WITHIN]) if declares else None
    if declaration:
        name = declaration.group(1).decode("ascii").lower()
        yield _MEANT.get(name, name)
    yield from ("utf-8", "gb18030")


def _strict(raw: bytes, encoding: str) -> str | None:
    try:
        return raw.decode(encoding)
    except (UnicodeDecodeError, LookupError):  # iso-8859-99 is no encoding
        return None
