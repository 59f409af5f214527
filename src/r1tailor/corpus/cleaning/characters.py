"""Rules for single characters: one spelling for what means the same, in English and Chinese text.

Only the width of a character and the spelling of a unit ever change. Superscripts, fractions and Roman numerals keep
their form: NFKC, which would also narrow full-width characters, turns 10⁹ into 109.
"""

import re
import unicodedata
from collections.abc import Callable

from r1tailor.corpus.scripts import HAN

# A pattern that begins with a look-behind is tried at every character; one that begins with a set of characters skips
# to them. So the look-behind stands after the first character here, and takes that one in.
_QUOTES = str.maketrans({"‘": "'", "’": "'", "“": '"', "”": '"'})
_QUOTE = re.compile("[‘’“”]")
_KEPT_CONTROLS = "\t\n\r\u200c\u200d"
_HAN = re.compile(f"[{HAN}]")

_WIDTH = 0xFEE0  # from a full-width form to its ASCII character
_ALWAYS_NARROW = {code: code - _WIDTH for code in range(0xFF01, 0xFF5F) if chr(code) not in "！（），：；？［］"}
_TO_NARROW = re.compile(f"[{re.escape(''.join(map(chr, _ALWAYS_NARROW)))}]")
_FULL_THOUSANDS = re.compile("，(?<=[０-９]，)(?=[０-９]{3}(?![０-９]))")
_FULL_BRACKET = {pair: re.compile(f"[{pair}\n{HAN}]") for pair in ("（）", "［］")}
_CHINESE = f"{HAN}、。，：；！？（）［］《》〈〉「」『』【】〔〕“”‘’…—"
_FULL_COLON = re.compile(f"：(?<![{_CHINESE}]：)(?![{_CHINESE}])")
_FULL_MARK = re.compile(r"[；！？]|，(?<!\d，)|，(?!\d)")

_WIDE = str.maketrans(",:;?!", "，：；？！")
_HALF_MARK = re.compile(f"[,:;?!](?<=[{HAN}）》」』】].)(?=[{HAN}（《「『【])")
_HALF_BRACKET = re.compile("[()\n]")

_SQUARED = {
    chr(code): "".join(chr(int(part, 16)) for part in unicodedata.decomposition(chr(code)).split()[1:]).replace(
        "ℓ", "l"
    )
    for code in (*range(0x3371, 0x3377), *range(0x3380, 0x33E0))
} | {"℃": "°C", "℉": "°F"}
_BESIDE = "A-Za-z℃℉\u3371-\u33df"
_UNIT = re.compile(f"[{''.join(_SQUARED)}](?<![{_BESIDE}].)(?![0-9{_BESIDE}])")
_DEGREE = re.compile(r"[˚º](?=[CF](?![A-Za-z]))")
_SIGNS = str.maketrans(dict(zip("µ≧≦⩾⩽％﹪﹤﹥", "μ≥≤≥≤%%<>", strict=True)))
_SIGN = re.compile("[µ≧≦⩾⩽％﹪﹤﹥]")

_MARKS = "!?！？。，；：、"
_REPEATED = re.compile(rf"([{_MARKS}])(?<![\d)）\]{_MARKS}].)\1+")


def normalise_unicode(text: str) -> str:
    """Compose characters (Unicode NFC): ``e`` + accent and ``é`` become one spelling."""
    return unicodedata.normalize("NFC", text)


def remove_control_characters(text: str) -> str:
    """Remove control and invisible format characters, except tab and line ends.

    The zero-width joiner and non-joiner stay: they carry meaning in several scripts. A control character that parts
    lines or pages (form feed, vertical tab, ...) becomes a line end, or the numbers on its two sides would be joined.
    """
    if text.isprintable():
        return text
    unwanted: dict[str, str | int | None] = {
        c: "\n" if c.isspace() else ""
        for c in set(text)
        if c not in _KEPT_CONTROLS and unicodedata.category(c) in ("Cc", "Cf")
    }
    return text.translate(str.maketrans(unwanted)) if unwanted else text


def narrow_full_width(text: str) -> str:
    """Write full-width letters, digits and signs as ASCII ones, but leave Chinese punctuation to Chinese sentences.

    Brackets and colons stay next to a Chinese character, commas and the marks that end a sentence on a line with one. A
    full-width comma between digits stays too: ``1，200`` may be a thousand or a list. Only where the whole number is
    full-width and grouped by three (``１，２００``) is it the thousands' comma.
    """
    if text.isascii():
        return text
    if _TO_NARROW.search(text):
        text = _FULL_THOUSANDS.sub(",", text).translate(_ALWAYS_NARROW)
    for pair, narrow in (("（）", "()"), ("［］", "[]")):
        if pair[0] in text:
            text = _rebracketed(text, _FULL_BRACKET[pair], pair, narrow, _is_foreign)
    return _FULL_COLON.sub(":", "\n".join(map(_narrow_marks, text.split("\n"))))


def _rebracketed(
    text: str, stops: re.Pattern[str], pair: str, written: str, fits: Callable[[str, int, int], bool]
) -> str:
    """Write pairs of brackets as another pair, from the inside out, in one pass.

    Args:
        text: as it stands.
        stops: the brackets, and what may not stand between two of them.
        pair: the opening and the closing one.
        written: what stands for them.
        fits: whether the pair at two places of the text is meant.
    """
    found = list(text)
    left: list[int] = []  # brackets that stay, and other stops, up to here
    for match in stops.finditer(text):
        place = match.start()
        is_pair = match.group() == pair[1] and left and text[left[-1]] == pair[0]
        if is_pair and fits(text, left[-1], place):
            found[left.pop()], found[place] = written[0], written[1]
        else:
            left.append(place)
    return "".join(found)


def _is_foreign(text: str, start: int, end: int) -> bool:
    """Whether no Chinese character stands next to a pair of brackets."""
    around = text[max(0, start - 1) : start] + text[end + 1 : end + 2]
    return not _HAN.search(around)


def _is_chinese(text: str, start: int, end: int) -> bool:
    """Whether Chinese words stand in a pair of brackets, and before it."""
    ends = (text[max(0, start - 1) : start], text[start + 1], text[end - 1])
    return all(_HAN.match(character) for character in ends)


def _narrow_marks(line: str) -> str:
    return line if _HAN.search(line) else _FULL_MARK.sub(lambda mark: chr(ord(mark.group()) - _WIDTH), line)


def widen_chinese_punctuation(text: str) -> str:
    """Write ASCII punctuation between two Chinese characters as Chinese; also brackets around Chinese words.

    The full stop stays as it is: between Chinese characters it parts foreign names more often than sentences.
    """
    if text.isascii():
        return text
    if "(" in text:
        text = _rebracketed(text, _HALF_BRACKET, "()", "（）", _is_chinese)
    return _HALF_MARK.sub(lambda mark: mark.group().translate(_WIDE), text)


def unify_units(text: str) -> str:
    """Give units and comparators one spelling: ㎎ mg, ㎡ m², ℃ °C, µ μ, ≧ ≥, ％ %, as Unicode advises.

    A unit in one character stays where its letters would run into the ones next to it.
    """
    if text.isascii():
        return text
    text = _DEGREE.sub("°", _UNIT.sub(lambda unit: _SQUARED[unit.group()], text))
    return text.translate(_SIGNS) if _SIGN.search(text) else text


def straighten_quotes(text: str) -> str:
    """Write typographic quotes and apostrophes as ASCII ones."""
    return text.translate(_QUOTES) if _QUOTE.search(text) else text


def collapse_punctuation(text: str) -> str:
    """Make a repeated ``!``, ``?`` or Chinese mark one; dots, dashes, plus and minus stay, and so does 5!!."""
    return _REPEATED.sub(r"\1", text)


def collapse_whitespace(text: str) -> str:
    """Make every run of white space one space, and trim."""
    return " ".join(text.split())
