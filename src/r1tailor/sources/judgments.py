"""Court judgments, Chinese and English: one document each, its parts told apart by the words they begin with.

The words are tables: a part begins at a line that one of its marks fits, and parts only go forward (parties, facts,
reasoning, ruling), so that facts told again within the reasoning stay there. A paragraph that holds facts, reasoning
and ruling is cut where a sentence begins the next of them: the verdict never stands in the reasoning.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from lxml import etree

from r1tailor.records import Document
from r1tailor.schema.sources import JudgmentSource
from r1tailor.sources import citations
from r1tailor.sources.base import Origin, Read, raw_files, within_limits
from r1tailor.sources.ids import prefix
from r1tailor.sources.markup import lines as lines_of
from r1tailor.sources.streams import LONGEST_TEXT, Damage, bounded

_PARTS = ("parties", "facts", "reasoning", "ruling")
_LARGEST_FILE = 4 * LONGEST_TEXT  # bytes: no character takes more than four
_HEAD = 40  # lines in which a judgment says what it is
_COURTS = (
    re.compile(r"[\u4e00-\u9fff]{2,30}法院"),
    re.compile(r"(?:IN )?(?:THE )?(.{0,60}\bCOURT\b(?:.{0,60}[^.])?)", re.IGNORECASE),
)


@dataclass(frozen=True, slots=True)
class _Mark:
    """The words of a line with which a part begins; ``after`` it, where the line still belongs to the part before.

    A heading such as ORDER is also a title: it begins the ruling only when facts or reasoning came before.
    """

    part: str
    words: re.Pattern[str]
    after: bool = False


def _heading(words: str) -> re.Pattern[str]:
    """Return the form of an English heading: those words alone on a line, numbered or not."""
    return re.compile(rf"(?:(?:[IVX]{{1,5}}|[A-Z]|\d{{1,2}})[.)]\s*)?(?:the\s+)?(?:{words})\s*[:.]?$", re.IGNORECASE)


_ROLES = (
    "上诉人|被上诉人|原告人?|被告人?|公诉机关|抗诉机关|自诉人|申请人|被申请人|再审申请人|申请执行人|被执行人|第三人|"
    "原审原告|原审被告人?|附带民事诉讼原告人?|赔偿请求人"
)
_FOR_REASONS = (
    r"for (?:all )?(?:of )?(?:the |these |those )?(?:foregoing |above |stated )?reasons\b[^.;]{0,120}?"
    r"\b(?:affirm|revers|dismiss|vacat|remand|order|allow|grant|den(?:y|ied)|uphold|upheld|quash|set aside)"
)
_WITHIN = re.compile(  # where a paragraph may be cut
    r"(?<=[。；])\s*(?=本院(?:经审查|经审理|再审|二审)?认为)|(?<=(?:判|裁|决)(?:决|定)如下[：:])(?=.)|"
    rf"(?<=[.;])\s+(?=(?i:on those grounds,|it is (?:hereby |so )?ordered|accordingly, it is|{_FOR_REASONS}))"
)
_OF_OTHERS = re.compile(r"(?:一审|原审|初审)法院")  # whose verdict is told among the facts
_MARKS = (
    _Mark("parties", re.compile(rf"(?:{_ROLES})(?:[（(][^）)]*[)）])?(?:[：:]|.{{1,40}}[，,](?:男|女|住|统一社会))")),
    _Mark("parties", _heading("parties|between|appearances")),
    _Mark("parties", re.compile(r".{2,80}\s(?:v|vs|V)\.?\s.{2,80}$")),
    _Mark("facts", re.compile(r".{0,80}(?:向本院提出|提起(?:上诉|诉讼|公诉)|诉称|指控|一案，?本院)")),
    _Mark("facts", re.compile(r"(?:本院|一审法院|二审法院|原审法院)?(?:经|再)?(?:审理|审查)*(?:查明|认定)")),
    _Mark("facts", re.compile(r"(?:诉讼请求|上诉请求|事实和理由|事实与理由|案件事实|基本案情|案件基本情况)[：:]?")),
    _Mark(
        "facts",
        _heading(
            "facts|factual background|background|background facts|background to the (?:appeal|dispute)|"
            "statement of (?:the )?(?:facts|case)|findings of fact|factual and procedural background|"
            "procedural history|proceedings below|dispute in the main proceedings.*"
        ),
    ),
    _Mark("reasoning", re.compile(r"本院(?:经审查|经审理|再审|二审)?认为|裁判理由[：:]?|法院认为")),
    _Mark(
        "reasoning",
        _heading(
            "analysis|discussion|legal analysis|reasons|reasoning|reasons for (?:the )?(?:judgment|decision)|issues?|"
            "law|legal framework|standard of review|conclusions of law|merits|assessment|"
            "consideration of the questions? referred"
        ),
    ),
    _Mark("ruling", re.compile(r".*(?:判决|裁定|决定)如下[：:]?$"), after=True),
    _Mark("ruling", re.compile(r"(?:裁判结果|判决结果|判决主文)[：:]?")),
    _Mark("ruling", re.compile(r"on those grounds,|it is (?:hereby |so )?ordered|accordingly, it is", re.IGNORECASE)),
    _Mark("ruling", re.compile(_FOR_REASONS, re.IGNORECASE)),
    _Mark("ruling", _heading("conclusions?|disposition|disposal|orders?|ruling|decision|held|operative part")),
)


def read(source: JudgmentSource, root: Path) -> Read:
    """Yield a document for each file: its text, and as fields its parts, the statutes it cites, number, court and date.

    A judgment with a case number but none of the marks has one part, ``body``; a file with neither is rejected.

    Raises:
        DataError: there is no such file.
    """
    for path in raw_files(source, source.path, root, (".txt", ".html", ".htm")):
        origin = Origin.of(source, path, root)
        name = prefix(source, path, root / source.path)
        yield from within_limits(_file(source, origin, path, name), origin)


def _file(source: JudgmentSource, origin: Origin, path: Path, name: str) -> Read:
    try:
        yield _judgment(_lines(path, source.encoding), name, origin)
    except Damage as damage:
        yield origin.rejection(damage.position, damage.reason)


def _judgment(lines: list[str], id_: str, origin: Origin) -> Document:
    text = "\n".join(lines)
    parts = _parts(lines)
    number, date = citations.case_number(lines[:_HEAD]), citations.date_of(lines)
    if not any(parts.values()):
        if not number:
            raise Damage("neither a heading nor a case number of a judgment in it")
        parts["body"] = text
    fields = {
        "case_number": number,
        "court": _court(lines[:_HEAD]),
        "date": date,
        "statutes": citations.statutes(text),
        **parts,
    }
    return origin.document(id_, text, "line 1", fields, date or None)


def _parts(lines: list[str]) -> dict[str, str]:
    """Return the text of each part; empty for one that is not there. What stands before the first is the title."""
    found: dict[str, list[str]] = {part: [] for part in (*_PARTS, "body")}
    current = ""
    for line in lines:
        for piece in _WITHIN.split(line):
            current = next((mark.part for mark in _MARKS if not mark.after and _begins(mark, piece, current)), current)
            if current:
                found[current].append(piece)
            current = next((mark.part for mark in _MARKS if mark.after and _ends(mark, piece, current)), current)
    return {part: "\n".join(held) for part, held in found.items()}


def _ends(mark: _Mark, text: str, current: str) -> bool:
    """Whether a part begins after a text; the verdict that a court below gave is one of the facts."""
    return _begins(mark, text, current) and (current == "reasoning" or not _OF_OTHERS.search(text))


def _begins(mark: _Mark, line: str, current: str) -> bool:
    rank = _PARTS.index(current) if current else -1
    forward = _PARTS.index(mark.part) > rank
    too_early = mark.part == "ruling" and not mark.after and rank < _PARTS.index("facts")
    return forward and not too_early and mark.words.match(line) is not None


def _court(lines: list[str]) -> str:
    for line in lines:
        for form in _COURTS:
            if match := form.fullmatch(line):
                return match[match.lastindex or 0]
    return ""


def _lines(path: Path, encoding: str) -> list[str]:
    if path.stat().st_size > _LARGEST_FILE:
        raise Damage(f"larger than {_LARGEST_FILE:,} bytes")
    text = bounded(_decoded(path.read_bytes(), encoding))
    if path.suffix.lower() == ".txt":
        stripped = (line.strip() for line in text.splitlines())
        return [line for line in stripped if line]
    # The encoding is told, not taken from the page: what a page says of itself is often wrong.
    parser = etree.HTMLParser(encoding="utf-8", no_network=True, huge_tree=False, remove_comments=True, remove_pis=True)
    page = etree.fromstring(text.encode(), parser) if text.strip() else None
    return [] if page is None else lines_of(page)


def _decoded(raw: bytes, encoding: str) -> str:
    """Return the text of bytes in the encoding that the settings name.

    Raises:
        Damage: they are not in it, or plainly in the other one.
    """
    if b"\0" in raw:
        raise Damage("a null character: not plain text, or UTF-16")
    utf8 = _in(raw, "utf-8-sig")
    if encoding == "utf-8":
        if utf8 is None:
            raise Damage("not UTF-8; if it is GB 18030: encoding: gb18030")
        return utf8
    if utf8 is not None and not raw.isascii():
        raise Damage("UTF-8, not GB 18030; say so: encoding: utf-8")
    other = _in(raw, "gb18030")
    if other is None:
        raise Damage("not GB 18030")
    return other


def _in(raw: bytes, encoding: str) -> str | None:
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError:
        return None
