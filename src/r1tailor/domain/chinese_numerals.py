"""Article numbers in Chinese legal writing: ``第一百二十三条``, ``第123条``, ``第一百二十条之一``."""

import re

ArticleNumber = tuple[int, int]  # the article, and which one inserted after it (之一 is 1; 0 for the article itself)

_ARTICLE = re.compile(r"第([〇零一二两三四五六七八九十百千]{1,9}|[0-9]{1,5})条(?:之([一二三四五六七八九十]{1,3}))?")
_DIGITS = {character: value for value, character in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_UNITS = {"十": 10, "百": 100, "千": 1000}


def article_numbers(text: str) -> list[ArticleNumber]:
    """Return the article numbers in a text, in order."""
    return [(chinese_number(number), chinese_number(inserted)) for number, inserted in _ARTICLE.findall(text)]


def chinese_number(numeral: str) -> int:
    """Return the value of a numeral below 10,000 (``一百二十三`` or ``123``); 0 for an empty one."""
    if numeral.isascii():
        return int(numeral or 0)
    total = digit = 0
    for character in numeral:
        if character in _UNITS:
            total += (digit or 1) * _UNITS[character]  # 十二 is 12
            digit = 0
        else:
            digit = _DIGITS[character]
    return total + digit


def chinese_numeral(number: int) -> str:
    """Return how laws write a number below 10,000: 120 is 一百二十, 1001 is 一千零一."""
    written, skipped = "", False
    for value, unit in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit = number // value % 10
        if digit:
            written += ("零" if skipped and written else "") + "零一二三四五六七八九"[digit] + unit
        skipped = not digit
    return written.removeprefix("一") if written.startswith("一十") else written or "零"
