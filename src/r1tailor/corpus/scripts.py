r"""Which characters are Chinese: what cleaning and terms decide by the neighbour of a character asks here.

``\b`` and ``\w`` cannot tell: to them a Han character is a letter like any other, so that ``2型`` has no boundary.
"""

import re

# Inside a character class: Han ideographs with their extensions, and the number zero.
HAN = "〇\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
# Scripts that are written without spaces between words: Han and the Japanese kana.
_UNSPACED = re.compile(f"[{HAN}\u3040-\u30ff]")


def is_word_character(character: str) -> bool:
    """Whether a character is a letter or digit of a script that parts its words; False for an empty string."""
    return character.isalnum() and (character.isascii() or not _UNSPACED.match(character))
