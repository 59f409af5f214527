"""Citations of articles in legal text, English and Chinese: found, resolved to act and article, masked, written.

A citation names its act (``Article 9 of Regulation (EU) 2016/679``, 《公司法》第十六条), points to it (``Article 4 of
that Directive``) or means the act it stands in (``Article 6``, 本法第六条). An article is ``6``, ``6a`` or ``120-1``
(第一百二十条之一); paragraphs and points are not told apart.
"""

import re
from abc import ABC, abstractmethod
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from r1tailor.domain.chinese_numerals import chinese_numeral
from r1tailor.sources import citations

STATE = "中华人民共和国"  # laws are cited with and without it
_LARGEST_RANGE = 100  # articles; a wider one is none
_FIRST_MARK, _MOST_MARKS = 0x100000, 0xFFFE  # characters of private use, each a citation until its passage is known
_MARKS = re.compile("[\U00100000-\U0010fffd]")


class Article(NamedTuple):
    """An article of an act."""

    act: str
    number: str


class Citation(NamedTuple):
    """Articles that ``text[start:end]`` cites."""

    start: int
    end: int
    articles: tuple[Article, ...]


class Citations(ABC):
    """How a language cites articles.

    Attributes:
        mask: what stands in place of a citation whose articles are asked for.
        amends: finds texts that change another act, whose bare articles are that act's.
    """

    mask: str
    amends: re.Pattern[str]

    @abstractmethod
    def act(self, name: str) -> str:
        """Return the one name of an act that is called so; the name itself where it is not known."""

    @abstractmethod
    def found(self, text: str, own: str = "", *, carry: bool = False) -> list[Citation]:
        """Return the citations of a text in order.

        Args:
            text: of an act, a judgment or an answer.
            own: the act that a citation without an act means; without it such citations have no articles.
            carry: whether it means the act that was named last instead, as in a list of citations.
        """

    @abstractmethod
    def written(self, articles: Iterable[Article]) -> str:
        """Return the citation of some articles, act by act."""


def masked(text: str, found: Sequence[Citation], mask: str, cut: Callable[[str], Iterable[str]]) -> Iterator["Masked"]:
    """Yield the passages of a text without its citations, each with the articles that were cited in it.

    Args:
        text: the text.
        found: its citations that are taken out.
        mask: what stands in the place of each.
        cut: cuts a text into passages.
    """
    end = found[_MOST_MARKS].start if len(found) > _MOST_MARKS else len(text)  # what follows would not be masked
    begins = [0, *(one.end for one in found[:_MOST_MARKS])]
    ends = [*(one.start for one in found[:_MOST_MARKS]), end]
    between = [_MARKS.sub("\ufffd", text[begin:close]) for begin, close in zip(begins, ends, strict=True)]
    marked = "".join(part + chr(_FIRST_MARK + number) for number, part in enumerate(between))[:-1]
    for passage in cut(marked):
        marks = [ord(sign) - _FIRST_MARK for sign in _MARKS.findall(passage)]
        cited = [article for mark in marks for article in found[mark].articles]
        yield Masked(_MARKS.sub(lambda _: mask, passage), tuple(dict.fromkeys(cited)))


class Masked(NamedTuple):
    """A passage without its citations, and what they cited."""

    text: str
    articles: tuple[Article, ...]


_PART = r"\([0-9A-Za-z]{1,5}\)"
_SEPARATOR = r"(?:\s*,\s*(?:and\s+|or\s+)?|\s+(?:and|or|to)\s+)"
_NEXT_PART = rf"(?:{_SEPARATOR}{_PART}(?:{_PART}){{0,3}}){{0,20}}"
_POINTS = (
    r"(?:,?\s+(?:(?:first|second|third|fourth|fifth|last)(?:\s+and\s+(?:second|third|fourth|last))?\s+)?"
    r"(?:points?|paragraphs?|subparagraphs?|sentences?|indents?)"
    rf"(?:\s+(?:{_PART}(?:{_PART}){{0,3}}{_NEXT_PART}|\d{{1,2}}(?!\d)))?){{0,3}}"
)
_ITEM = rf"\d{{1,3}}[a-z]?(?![\w/])(?:{_PART}){{0,4}}{_NEXT_PART}{_POINTS}"
_RUN = re.compile(rf"\bArt(?:icles?|s?\.)\s+{_ITEM}(?:{_SEPARATOR}{_ITEM}){{0,30}}", re.IGNORECASE)
_NOT_ARTICLES = re.compile(rf"{_PART}{_NEXT_PART}|{_POINTS.removesuffix('{0,3}')}", re.IGNORECASE)
_ONE = re.compile(r"(\bto\s+)?(\d{1,3})([a-z]?)\b", re.IGNORECASE)
_NUMBERED = (
    r"(?:Implementing |Delegated |Framework )?(?:Regulation|Directive|Decision)s?\s+"
    r"(?:\([A-Z]{2,5}(?:,\s*[A-Za-z]+)?\)\s+)?(?:No\s+)?\d{1,4}/\d{1,5}(?:/[A-Z]{2,5})?"
)
_NUMBER = re.compile(r"\d{1,4}/\d{1,5}")


class EnglishCitations(Citations):
    """Acts of the European Union, and what ``sources/citations.py`` finds of US and UK law.

    Args:
        acts: act by each of its names in lower case, numbers such as ``2016/679`` among them.
    """

    mask = "Article […]"
    amends = re.compile(r"\b(?:is|are) (?:hereby )?(?:replaced|amended|inserted|added|deleted|repealed)\b")

    def __init__(self, acts: Mapping[str, str]) -> None:
        self._acts = dict(acts)
        names = "|".join(re.escape(name) for name in sorted(acts, key=len, reverse=True) if not _NUMBER.match(name))
        act = rf"{_NUMBERED}|{names}" if names else _NUMBERED
        self._act = re.compile(rf"\b(?:{act})(?!\w)", re.IGNORECASE)
        self._tail = re.compile(
            r",?\s+(?:of|to|in)\s+(?:(?P<own>this\s+(?:Regulation|Directive|Act))|"
            r"(?P<that>(?:that|the\s+said|the\s+latter)\s+(?:Regulation|Directive|Decision))|"
            rf"(?:the\s+)?(?P<act>{act})(?!\w)|"
            r"(?P<other>(?:the\s+|that\s+|its\s+)?(?:Annex|Charter|Treat(?:y|ies)|Protocol|Recommendation|Statute|"
            r"Convention|Constitution|Rules|TFEU|TEU|ECHR))\b)|"
            rf"\s+(?P<treaty>TFEU|TEU|ECHR)\b|(?P<thereof>\s+thereof)\b|\s+(?:the\s+)?(?P<after>{act})(?!\w)",
            re.IGNORECASE,
        )

    def act(self, name: str) -> str:
        """Return the one name of an act that is called so; the name itself where it is not known."""
        squeezed = " ".join(name.split())
        return self._acts.get(number_of(squeezed) or squeezed.casefold(), squeezed)

    def found(self, text: str, own: str = "", *, carry: bool = False) -> list[Citation]:
        """Return the citations of a text in order."""
        named = [(match.end(), self.act(match.group())) for match in self._act.finditer(text)]
        runs = [self._citation(text, run, named, own, carry) for run in _RUN.finditer(text)]
        begins = [run.start for run in runs]
        others = []
        for one in citations.cited(text):
            nearest = bisect_left(begins, one.end) - 1  # the last run that begins before it ends
            if nearest < 0 or runs[nearest].end <= one.start:
                article = Article(self.act(one.act), _article(one.provision))
                others.append(Citation(one.start, one.end, (article,)))
        return sorted((*runs, *others))

    def written(self, articles: Iterable[Article]) -> str:
        """Return the citation of some articles, act by act."""
        return "; ".join(_english(act, numbers) for act, numbers in _by_act(articles).items())

    def _citation(
        self, text: str, run: re.Match[str], named: Sequence[tuple[int, str]], own: str, carry: bool
    ) -> Citation:
        tail, end = self._tail.match(text, run.end()), run.end()
        place = bisect_right(named, run.start(), key=lambda one: one[0])
        last = named[place - 1][1] if place else ""
        act = (last or own) if carry else own
        if tail:
            end = tail.end()
            if tail["that"] or tail["thereof"]:
                act = last or tail.group().strip()
            elif not tail["own"]:
                act = self.act(tail["act"] or tail["after"] or tail["other"] or tail["treaty"])
            else:
                act = own
        return Citation(run.start(), end, tuple(Article(act, number) for number in _numbers(run.group()) if act))


class ChineseCitations(Citations):
    """Laws of the People's Republic of China, by their names without that of the state.

    Args:
        acts: their names.
    """

    mask = "第【…】条"
    amends = re.compile(r"修改为|增加[一二三四五六七八九十]+[条款项]|作为第|删去")

    def __init__(self, acts: Iterable[str]) -> None:
        names = "|".join(map(re.escape, sorted({self.act(act) for act in acts}, key=len, reverse=True))) or "(?!)"
        version = r"(?:[（(][^（）()]{1,40}[)）])?"
        self._before = re.compile(
            rf"(?:《([^《》]{{2,80}})》{version}|(本(?:法|条例|规定|决定|解释))|(?:{STATE})?({names}))的?$"
        )
        self._named = re.compile(rf"《([^《》]{{2,80}})》|({names})")

    def act(self, name: str) -> str:
        """Return the name of a law without that of the state."""
        return name.strip().removeprefix(STATE)

    def found(self, text: str, own: str = "", *, carry: bool = False) -> list[Citation]:
        """Return the citations of a text in order."""
        listed, last = [], own
        mentions = self._named.finditer(text) if carry else iter(())
        mention = next(mentions, None)
        for run in citations.ZH_PROVISIONS.finditer(text):
            begin = max(0, run.start() - 100)
            before = self._before.search(text[begin : run.start()])
            while mention and mention.end() <= run.start():
                last, mention = self.act(mention[1] or mention[2]), next(mentions, None)
            act = self.act(before[1] or before[3] or own) if before else last
            numbers = dict.fromkeys(map(_article, citations.provisions(run.group())))
            start = begin + before.start() if before else run.start()
            listed.append(Citation(start, run.end(), tuple(Article(act, number) for number in numbers if act)))
        return listed

    def written(self, articles: Iterable[Article]) -> str:
        """Return the citation of some articles, act by act."""
        listed = {act: "、".join(map(_chinese, numbers)) for act, numbers in _by_act(articles).items()}
        return "；".join(f"《{act}》{numbers}" for act, numbers in listed.items())


def number_of(act: str) -> str:
    """Return the number in an act's name, such as ``2016/679``; empty if there is none."""
    found = _NUMBER.search(act)
    return found.group() if found else ""


def _by_act(articles: Iterable[Article]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for article in articles:
        found.setdefault(article.act, []).append(article.number)
    return found


def _english(act: str, numbers: Sequence[str]) -> str:
    """Return the citation of articles, or sections, of one act as its own law writes it."""
    if act.endswith(("U.S.C.", "C.F.R.")):
        return f"{act} § {', '.join(numbers)}"
    if re.search(r"\bAct \d{4}$", act):
        return f"section{'s' * (len(numbers) > 1)} {', '.join(numbers)} of the {act}"
    return f"{act}, Article{'s' * (len(numbers) > 1)} {', '.join(numbers)}"


def _chinese(number: str) -> str:
    article, _, inserted = number.partition("-")
    return f"第{chinese_numeral(int(article))}条" + (f"之{chinese_numeral(int(inserted))}" if inserted else "")


def _article(provision: str) -> str:
    """Return the article of a provision: ``577`` of ``577(1)(2)``."""
    return provision.partition("(")[0]


def _numbers(run: str) -> list[str]:
    """Return the articles of an English run; those between the ends of a range are among them."""
    found: list[str] = []
    for up_to, number, letter in _ONE.findall(_NOT_ARTICLES.sub("", run)):
        if up_to and found and found[-1].isdecimal() and int(number) - int(found[-1]) <= _LARGEST_RANGE:
            found += map(str, range(int(found[-1]) + 1, int(number)))
        found.append(number.lstrip("0") + letter.lower())
    return list(dict.fromkeys(found))
