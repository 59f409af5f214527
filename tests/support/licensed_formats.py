"""Small files of the published formats, as many records as asked for, and damage to the second of them.

Each record holds the name of a patient, which no message may quote.
"""

from pathlib import Path
from typing import Any

from reportlab.pdfgen.canvas import Canvas

SECRET = "Roe"


def _texts(count: int) -> list[str]:
    return [f"Jane {SECRET}, visit {number}: fever 38.5°C." for number in range(1, count + 1)]


def _pubmed(root: Path, count: int) -> None:
    articles = "".join(
        f"<PubmedArticle><MedlineCitation><PMID>{number}</PMID><Article><ArticleTitle>{text}</ArticleTitle></Article>"
        "</MedlineCitation></PubmedArticle>\n"
        for number, text in enumerate(_texts(count), start=1)
    )
    (root / "pubmed.xml").write_text(f"<PubmedArticleSet>{articles}</PubmedArticleSet>", encoding="utf-8")


def _jats(root: Path, count: int) -> None:
    articles = "".join(
        f"<article><front><article-meta/></front><body><p>{text}</p></body></article>\n" for text in _texts(count)
    )
    (root / "papers.xml").write_text(f"<pmc-articleset>{articles}</pmc-articleset>", encoding="utf-8")


def _mimic(root: Path, count: int) -> None:
    tables = {
        "D_ICD_DIAGNOSES": "ROW_ID,ICD9_CODE,SHORT_TITLE,LONG_TITLE\n",
        "DIAGNOSES_ICD": "ROW_ID,SUBJECT_ID,HADM_ID,SEQ_NUM,ICD9_CODE\n",
        "PRESCRIPTIONS": "ROW_ID,SUBJECT_ID,HADM_ID,DRUG\n",
        "NOTEEVENTS": "ROW_ID,SUBJECT_ID,HADM_ID,CHARTDATE,CATEGORY,DESCRIPTION,ISERROR,TEXT\n"
        + "".join(
            f'{number},7,8,2151-08-04,Nursing,Report,,"{text}\nEnd of note {number}"\n'
            for number, text in enumerate(_texts(count), start=1)
        ),
    }
    (root / "mimic").mkdir(exist_ok=True)
    for table, content in tables.items():
        (root / "mimic" / f"{table}.csv").write_text(content, encoding="utf-8")


def _pdf(root: Path, count: int) -> None:
    canvas = Canvas(str(root / "guide.pdf"), invariant=1, pageCompression=0)
    for text in _texts(count):
        canvas.drawString(60, 700, text)
        canvas.showPage()
    canvas.save()


def _judgments(root: Path, count: int) -> None:
    (root / "judgments").mkdir(exist_ok=True)
    for number, text in enumerate(_texts(count), start=1):
        page = f"THE HIGH COURT\n[2020] EWHC {number}\nFacts\n{text}\nConclusion\nDismissed.\n"
        (root / "judgments" / f"{number:02}.txt").write_text(page, encoding="utf-8")


def _changed(path: Path, old: bytes, new: bytes, place: int = 0) -> None:
    """Replace what stands at a place among all its occurrences."""
    parts = path.read_bytes().split(old)
    path.write_bytes(old.join(parts[: place + 1]) + new + old.join(parts[place + 1 :]))


# name, settings, write(root, count), damage(root), how its rejection begins
CASES: list[dict[str, Any]] = [
    {
        "name": "pubmed",
        "settings": {"kind": "pubmed", "path": "pubmed.xml"},
        "write": _pubmed,
        "damage": lambda root: _changed(root / "pubmed.xml", b"<PMID>2<", b"<PMID>two<"),
        "damaged_at": "pubmed.xml, record 2: its PMID is not a number",
    },
    {
        "name": "jats",
        "settings": {"kind": "jats", "path": "papers.xml", "unit": "article"},
        "write": _jats,
        "damage": lambda root: _changed(root / "papers.xml", b"<article-meta/>", b"", 1),
        "damaged_at": "papers.xml, article 2: <article-meta> is missing",
    },
    {
        "name": "mimic",
        "settings": {"kind": "mimic", "path": "mimic"},
        "write": _mimic,
        "damage": lambda root: _changed(root / "mimic" / "NOTEEVENTS.csv", b"Report,,", b"Report,1,", 1),
        "damaged_at": "mimic/NOTEEVENTS.csv, line 4: marked as an error",
    },
    {
        "name": "pdf",
        "settings": {"kind": "pdf", "path": "guide.pdf", "unit": "page"},
        "write": _pdf,
        "damage": lambda root: _changed(root / "guide.pdf", b"/Rotate 0", b"/Rotate x", 1),
        "damaged_at": "guide.pdf, page 2: its content cannot be read",
    },
    {
        "name": "judgments",
        "settings": {"kind": "judgments", "path": "judgments", "encoding": "utf-8"},
        "write": _judgments,
        "damage": lambda root: _changed(root / "judgments" / "02.txt", b"Facts", b"Fa\0ts"),
        "damaged_at": "judgments/02.txt: a null character",
    },
]
