"""The texts of the report in English and Chinese.

Code and templates write English; ``zh.json`` holds the Chinese of each text, with the same ``{names}``. Sentences that
an evaluation wrote into its files with values in them (verdicts, notes) are recognised by the catalogue's own patterns.
A sentence that is not in the catalogue stays as it is.
"""

import json
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Literal

from r1tailor.schema.settings import Settings

Language = Literal["en", "zh"]
_FIELD = re.compile(r"\{(\w+)\}")
_FREE = ("against", "names", "answer")  # fields that may hold sentences of their own
_BETWEEN = ("; ", ". ", ", ")  # what joins sentences and their parts
_JOINED = {"; ": "；", ". ": "。", ", ": "，"}


class Texts:
    """Texts in one language.

    Args:
        language: ``en`` or ``zh``.
    """

    def __init__(self, language: Language) -> None:
        self.language = language
        self.stop = "." if language == "en" else "。"

    def __call__(self, english: str, **values: object) -> str:
        """Return a text with its values.

        >>> Texts("zh")("{n} held-out items", n="300")
        '300 个留出条目'
        """
        text = catalogue()[english] if self.language == "zh" else english
        return text.format(**values)

    def of(self, sentence: str) -> str:
        """Return a sentence that the run's files hold, with its values, in this language."""
        if self.language == "en" or not sentence:
            return sentence
        return _whole(sentence) or _in_parts(sentence) or sentence


def language_of(settings: Settings) -> Language:
    """Return the language of the report of a run."""
    wanted = settings.report.language
    return settings.domain.language if wanted == "auto" else wanted


@cache
def catalogue() -> Mapping[str, str]:
    """Return the Chinese of each English text."""
    found: dict[str, str] = json.loads(Path(__file__).with_name("zh.json").read_text("utf-8"))
    return found


@cache
def _patterns() -> list[tuple[re.Pattern[str], str]]:
    """Return pattern and Chinese of each text with values, the most specific first."""
    fixed = {text: _FIELD.sub("", text) for text in catalogue() if "{" in text}
    texts = sorted((text for text in fixed if re.search("[a-z]{2}", fixed[text])), key=lambda text: -len(fixed[text]))
    return [(re.compile(_pattern(text), re.DOTALL), catalogue()[text]) for text in texts]


def _pattern(text: str) -> str:
    names: set[str] = set()

    def group(found: re.Match[str]) -> str:
        name = found[1]
        again = name in names
        names.add(name)
        any_ = "." if name in _FREE else r"(?:(?!; |\. |: ).)"
        return f"(?P={name})" if again else f"(?P<{name}>{any_}+?)"

    parts = _FIELD.split(text)
    fields = _FIELD.finditer(text)
    return "".join(re.escape(part) if n % 2 == 0 else group(next(fields)) for n, part in enumerate(parts))


def _whole(sentence: str) -> str:
    """Return the Chinese of a sentence that is in the catalogue as a whole; empty if it is not."""
    if sentence in catalogue():
        return catalogue()[sentence]
    for pattern, chinese in _patterns():
        if found := pattern.fullmatch(sentence):
            return chinese.format(**{name: Texts("zh").of(value) for name, value in found.groupdict().items()})
    return ""


def _in_parts(sentence: str) -> str:
    """Return a sentence whose parts are in the catalogue, if any of them is; else nothing."""
    for between in _BETWEEN:
        parts = sentence.split(between)
        if len(parts) > 1:
            turned = [_whole(part) or _in_parts(part) for part in parts]
            if any(turned):
                kept = (new or old for new, old in zip(turned, parts, strict=True))
                return _JOINED[between].join(kept)
    return ""
