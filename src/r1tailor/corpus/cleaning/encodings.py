"""Rules for text that was encoded once too often: HTML entities left behind, UTF-8 that was read as Windows-1252.

Both are undone only where the way back is exact, and again until nothing is left: text is often encoded twice.
"""

import html
import re

from r1tailor.corpus.scripts import HAN

# With its semicolon only: without one, html.unescape makes ¶ of the "&para" in a web address.
# An ampersand that was encoded several times is taken in one step.
_ENTITY = re.compile(r"&(?:(?:amp|AMP|#0{0,5}38|#[xX]0{0,5}26);)*(#\w{1,8};|[A-Za-z]\w{1,31};)")
_DECODED = {byte: bytes([byte]).decode("cp1252", "ignore") or chr(byte) for byte in range(0x80, 0x100)}
_LEAD = re.compile("[Â-ô]")
_TO_BYTES = str.maketrans({character: chr(byte) for byte, character in _DECODED.items()})
_FOLLOWING = "[" + "".join(_DECODED[byte] + chr(byte) for byte in range(0x80, 0xC0)) + "]"
_MOJIBAKE = re.compile(f"[Â-ß]{_FOLLOWING}|[à-ï]{_FOLLOWING}{{2}}|[ð-ô]{_FOLLOWING}{{3}}")
# Latin, Greek, punctuation, superscripts, letter-like signs, mathematics, Chinese and its full-width forms. Anything
# else is a coincidence: É» at the end of a French quotation would be the phonetic sign ɻ.
_WITHIN_A_WORD = re.compile(f"[a-z][{HAN}]")  # cité\u00a0» would be cit頻
_LIKELY = re.compile("[\x00-\x7f\u00a0-\u017f\u0370-\u03ff\u2000-\u22ff\u2460-\u24ff\u3000-\u9fff\uff00-\uffef]*")


def decode_entities(text: str) -> str:
    """Write HTML entities (``&lt;``, ``&#8805;``, ``&amp;nbsp;``) as the characters they stand for."""
    before = None
    while text != before and "&" in text:
        before, text = text, _ENTITY.sub(_character, text)
    return text


def _character(entity: re.Match[str]) -> str:
    decoded = html.unescape(f"&{entity[1]}")
    return entity.group() if decoded in ("", "\ufffd") else decoded


def repair_mojibake(text: str) -> str:
    """Turn ``Ã©`` back into ``é`` on each line that as a whole is UTF-8 read as Windows-1252 or Latin-1."""
    return "\n".join(map(_repaired, text.split("\n"))) if _LEAD.search(text) else text


def _repaired(line: str) -> str:
    while _MOJIBAKE.search(line):
        try:
            decoded = line.translate(_TO_BYTES).encode("latin-1").decode("utf-8")
        except UnicodeError:
            break
        if _WITHIN_A_WORD.search(decoded) or not _LIKELY.fullmatch(decoded):
            break
        line = decoded
    return line


def is_mojibake(text: str) -> bool:
    """Whether a text still holds what looks like UTF-8 read in another encoding."""
    return _LEAD.search(text) is not None and any(
        _LIKELY.fullmatch(_guess(found.group())) for found in _MOJIBAKE.finditer(text)
    )


def _guess(characters: str) -> str:
    return characters.translate(_TO_BYTES).encode("latin-1").decode("utf-8", "replace")
