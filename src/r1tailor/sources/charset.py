"""Bytes become text, or are said to be none: what a file is written in has to be found out.

The order is that of certainty: a byte order mark, then what the page declares, then UTF-8, which hardly anything else
passes for. What remains is guessed, and a guess has to read like text: GB 18030 where the characters are common ones,
Windows-1252 where accents stand in words and signs between them, else what charset-normalizer finds. Bytes that read
like nothing are refused; the setting ``encoding`` says what they are.
"""

import codecs
import re
from collections.abc import Iterable
from pathlib import Path

UNKNOWN = "what it is written in cannot be told (not UTF-8, GB 18030 or Windows-1252): encoding must name it"
_SAMPLE = 1 << 17  # bytes of lines that are not ASCII, for a guess
_PIECE = 1 << 16
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


_MOSTLY = 0.8
_FEW = 10  # characters, below which a share says little
_PAIR = re.compile(rb"[\x81-\xfe][\x30-\xfe]", re.DOTALL)
_HIGH = re.compile(r"[^\x00-\x7f]")
_LETTERS = "A-Za-zÀ-ÖØ-öø-ÿŒœŠšŽžŸ"
_ODD = re.compile(
    "[\x80-\x9f¤¦¨¬¯´¸¶ÐÞþðÿÝƒˆ˜ÃÂ]"  # signs that hardly any text has, and what UTF-8 twice encoded begins with
    rf"|(?<=[A-Za-z])[¡¢£§¹²³ª¼½¾¿×÷‡†‹›](?=[A-Za-z])"  # signs within a word
    rf"|(?<![{_LETTERS}])[ÈÌÒÙËÏÄÖÜÑÇâäæçêëìîïðñòôõöøùûüý](?![{_LETTERS}])"  # letters alone
    "|[À-ÖØ-öø-ÿ]{3,}"
)
_KANA = ("shift_jis", "euc_jp")
_HIRAGANA = re.compile("[ぁ-ん]")
_NOTHING = re.compile(r"(?!)")
_READS = {  # what text of each encoding is made of, in characters above ASCII
    "cp1251": re.compile("[а-яёіїєА-ЯЁІЇЄ«»—–№’“”„…\u00a0]"),
    "koi8_r": re.compile("[а-яёА-ЯЁ]"),
    "cp1250": re.compile("[ąćęłńóśźżĄĆĘŁŃÓŚŹŻáčďéěíňřšťúůýžÁČĎÉĚÍŇŘŠŤÚŮÝŽőűŐŰöüäÖÜÄß°µ–—„”’…\u00a0]"),
    "cp1253": re.compile("[α-ωά-ώΑ-ΩΆΈΉΊΌΎΏϊϋΐΰ«»–—’°µ\u00a0]"),
    "shift_jis": re.compile("[ぁ-んァ-ヶ一-龠ー、。「」・（）０-９]"),
    "euc_jp": re.compile("[ぁ-んァ-ヶ一-龠ー、。「」・（）０-９]"),
    "euc_kr": re.compile("[가-힣]"),
    "big5": re.compile("[一-龥，。、：；「」（）！？]"),
}


def decoded(raw: bytes, *, declares: bool, encoding: str = "auto") -> str | None:
    """Return the text of a file; None if it cannot be told what it is written in, or is not in what is named.

    Args:
        raw: the bytes of the file.
        declares: whether it may say itself in which encoding it is, as HTML does.
        encoding: a codec, or auto.
    """
    if encoding != "auto":
        return _strict(raw, with_mark(encoding))
    if marked := _marked(raw):
        return _strict(raw.removeprefix(marked[0]), marked[1])
    declaration = _DECLARATION.search(raw[:_DECLARED_WITHIN]) if declares else None
    if declaration:
        name = declaration.group(1).decode("ascii").lower()
        if (text := _strict(raw, _MEANT.get(name, name))) is not None:
            return text
    if (text := _strict(raw, "utf-8")) is not None:
        return text
    guessed = _guess(raw.splitlines())
    return None if guessed in (None, "utf-8") else _strict(raw, str(guessed))


def encoding_of(path: Path) -> str | None:
    """Return what a file is written in, found without holding it; None if it cannot be told.

    A file of which most lines are UTF-8 is UTF-8: the others are damaged.
    """
    with path.open("rb") as file:
        if marked := _marked(file.read(4)):
            return marked[1].removesuffix("-le").removesuffix("-be")  # the codec that reads the mark itself
        file.seek(0)
        decoder = codecs.getincrementaldecoder("utf-8")()
        try:
            while piece := file.read(_PIECE):
                decoder.decode(piece)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            file.seek(0)
            return _guess(file)
    return "utf-8"


def with_mark(encoding: str) -> str:
    """Return the codec that reads an encoding with or without its byte order mark."""
    return "utf-8-sig" if encoding.lower().replace("_", "-") in ("utf-8", "utf8") else encoding


def _marked(raw: bytes) -> tuple[bytes, str] | None:
    return next(((mark, name) for mark, name in _MARKS if raw.startswith(mark)), None)


def _strict(raw: bytes, encoding: str) -> str | None:
    try:
        return raw.decode(encoding)
    except (UnicodeDecodeError, LookupError):  # iso-8859-99 is no encoding
        return None


def _guess(lines: Iterable[bytes]) -> str | None:
    """Return the likeliest encoding of lines that are not all UTF-8."""
    sample, size, whole, broken = list[bytes](), 0, 0, 0
    for line in lines:
        if b"\0" in line:
            return None
        if line.isascii():
            continue
        if _strict(line, "utf-8") is None:
            broken += 1
            if size < _SAMPLE:
                sample.append(line)
                size += len(line)
        else:
            whole += 1
    if whole >= broken:
        return "utf-8"
    raw = b"\n".join(sample)
    if _reads_as_chinese(raw):
        return "gb18030"
    return "cp1252" if _reads_as_latin(_strict(raw, "cp1252")) else _found(raw)


def _reads_as_chinese(raw: bytes) -> bool:
    """Whether nearly every character above ASCII is a common Chinese one or a mark of GB 2312.

    Common characters have lead bytes B0 to D7, in the order of their sound; Korean in EUC-KR ends at C8, Cyrillic in
    KOI8-R has no trail byte below C0, and Japanese in EUC-JP is mostly kana (A4, A5).
    """
    if _strict(raw, "gb18030") is None:
        return False
    pairs = _PAIR.findall(raw)
    common = [pair for pair in pairs if 0xB0 <= pair[0] <= 0xD7 and pair[1] >= 0xA1]
    marks = [pair for pair in pairs if pair[0] in (0xA1, 0xA2, 0xA3) and pair[1] >= 0xA1]
    if not common or len(common) + len(marks) < _MOSTLY * len(pairs):
        return False
    korean, cyrillic = all(pair[0] <= 0xC8 for pair in common), all(pair[1] >= 0xC0 for pair in common)
    return len(common) < _FEW or not (korean or cyrillic)


def _reads_as_latin(text: str | None) -> bool:
    """Whether nearly every character above ASCII stands where Western European text has it."""
    high = _HIGH.findall(text or "")
    odd = _ODD.findall(text or "")
    return bool(high) and len(odd) <= (1 - _MOSTLY) * len(high) / 2


def _found(raw: bytes) -> str | None:
    """Return what charset-normalizer takes the bytes for, if they read like the language of that encoding."""
    from charset_normalizer import from_bytes

    # Japanese first, which is told by its kana: the characters of Big5 are found in any bytes.
    for match in sorted(from_bytes(raw, cp_isolation=list(_READS)), key=lambda match: match.encoding not in _KANA):
        text = _strict(raw, match.encoding)
        high = [character for character in text or "" if not character.isascii()]
        fitting = _READS.get(match.encoding, _NOTHING).findall(text or "")
        if match.encoding in _KANA and len(_HIRAGANA.findall(text or "")) < len(high) / 5:
            continue
        if len(high) >= _FEW and len(fitting) >= _MOSTLY * len(high) and match.chaos < 1 - _MOSTLY:
            return match.encoding
    return None
