"""What a text negates: a small rule after NegEx (Chapman et al. 2001) and ConText (Harkema et al. 2009), two languages.

A cue before a term (``no``, ``denies``, 无, 否认) negates up to the end of its sentence, or to a word that turns it
(``but``, 但); in Chinese a comma ends it, too, for 、 parts what one cue negates. A cue after a term (``was ruled
out``, 阴性, ``(-)``) negates back to the comma or the sentence before it. What only looks like a cue (``not only``,
不除外) is listed as such. The rule is coarse on purpose: it flags, and decides nothing.
"""

import re
from bisect import bisect_right
from dataclasses import dataclass

from ahocorasick_rs import AhoCorasick, MatchKind

from r1tailor.corpus.folding import fold
from r1tailor.corpus.scripts import is_word_character

_BEFORE = (
    *("no", "not", "never", "without", "denies", "denied", "denying", "declines", "absence of", "free of", "lack of"),
    *("negative for", "no evidence of", "no sign of", "no signs of", "rule out", "rules out"),
    *("无", "否认", "没有", "未见", "未闻", "未闻及", "未触及", "未及", "未发现", "未查见", "未检出", "未诉", "未出现"),
    *("不伴", "不考虑", "不支持", "不存在", "并非", "从未", "排除"),
)
_AFTER = (
    *("was ruled out", "were ruled out", "is ruled out", "are ruled out", "has been ruled out", "not seen"),
    *("was negative", "were negative", "is negative", "is absent", "are absent", "was absent", "were absent"),
    *("阴性", "已排除", "(-)", "（-）", "(－)", "（－）", "(−)", "（−）"),
)
_NO_CUE = (
    *("not only", "not necessarily", "no increase", "no change", "no significant change", "no longer than"),
    *("not ruled out", "not rule out", "not excluded", "not exclude", "without difficulty", "gram negative"),
    *("不除外", "不排除", "未排除", "不能排除", "无明显诱因", "无诱因", "无力", "无菌", "无痛", "无尿", "无论"),
)
_TURNS = (
    *(".", ";", "!", "?", "\n", "but", "however", "except", "although", "though", "yet"),
    *("。", "；", "！", "？", "，", "但", "但是", "而", "伴有"),
)
_PARTS = (",", "、")  # a cue after a term reaches back no further

_KINDS = {"before": _BEFORE, "after": _AFTER, "none": _NO_CUE, "turns": _TURNS, "parts": _PARTS}
_KIND = {fold(cue): kind for kind, cues in _KINDS.items() for cue in cues}
_CUES = tuple(_KIND)
_AUTOMATON = AhoCorasick(_CUES, MatchKind.LeftmostLongest)

_NEGATING_WORD = re.compile(
    r"(?<![A-Za-z])(?:no|not|nor|non|never|without|denie[sd]|denying|absence|absent|negative|free of|lack of)"
    r"(?![A-Za-z])|无(?![力菌痛尿])|未|不|否认|没有|非|阴性|排除|[(（][-－−][)）]",
    re.IGNORECASE,
)


def are_alike(surface: str, preferred: str) -> bool:
    """Whether two names of one thing negate equally often, so that one may stand for the other."""
    return surface == preferred or len(_NEGATING_WORD.findall(surface)) == len(_NEGATING_WORD.findall(preferred))


@dataclass(frozen=True, slots=True)
class Scopes:
    """The negated spans of a folded text, in order, as their starts and their ends."""

    folded: str
    starts: tuple[int, ...]
    ends: tuple[int, ...]

    def cover(self, start: int, end: int) -> bool:
        """Whether a term is negated: it lies in such a span, or follows on ``non-``."""
        place = bisect_right(self.starts, start) - 1
        within = place >= 0 and end <= self.ends[place]
        return within or self.folded[max(0, start - 4) : start] == "Non-"


def scopes(text: str, folded: str) -> Scopes:
    """Return the spans that the cues of a text negate.

    Args:
        text: as it stands.
        folded: ``fold(text)``.
    """
    spans: list[tuple[int, int]] = []
    opened, reached = -1, 0  # where a cue's scope began; how far back the next cue after a term reaches
    for number, start, end in _AUTOMATON.find_matches_as_indexes(folded):
        kind = _KIND[_CUES[number]]
        if not _is_whole(text, start, end):
            continue
        if kind == "before" and opened < 0:
            opened = end
        elif kind == "after" and opened < 0:
            spans.append((reached, start))
        elif kind == "turns" and opened >= 0:
            spans.append((opened, start))
        opened = -1 if kind == "turns" else opened
        reached = end if kind in ("after", "turns", "parts") else reached
    if opened >= 0:
        spans.append((opened, len(text)))
    return Scopes(folded, tuple(start for start, _ in spans), tuple(end for _, end in spans))


def _is_whole(text: str, start: int, end: int) -> bool:
    """Whether a cue is no part of a word, and a full stop none of a number or an abbreviation."""
    following = text[end : end + 1]
    if text[start] == ".":
        return not following.strip()
    return not (is_word_character(text[end - 1]) and is_word_character(following))
