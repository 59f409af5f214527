"""PDF files that tests write with reportlab."""

import io
from collections.abc import Callable

from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas

from r1tailor.schema.sources import PdfSource
from tests.support.raw import DESCRIBED

pdfmetrics.registerFont(UnicodeCIDFont("STSong-Light"))


PAGES = PdfSource(kind="pdf", unit="page", **DESCRIBED)
SECTIONS = PdfSource(kind="pdf", unit="section", **DESCRIBED)
Draw = Callable[[Canvas], object]


def pdf(*pages: Draw, password: str = "") -> bytes:
    file = io.BytesIO()
    locked = StandardEncryption(password, ownerPassword="owner") if password else None
    canvas = Canvas(file, pagesize=(595, 842), invariant=1, encrypt=locked, pageCompression=0)
    for draw in pages:
        draw(canvas)
        canvas.showPage()
    canvas.save()
    return file.getvalue()


def text(*lines: tuple[float, str], x: float = 60, y: float = 780, font: str = "Helvetica") -> Draw:
    """Draw lines of (size, words) below each other."""

    def draw(canvas: Canvas) -> None:
        place = y
        for size, words in lines:
            canvas.setFont(font, size)
            canvas.drawString(x, place, words)
            place -= 1.4 * size

    return draw


def both(*draws: Draw) -> Draw:
    return lambda canvas: [draw(canvas) for draw in draws]


def table(rows: list[list[str]], y: float) -> Draw:
    def draw(canvas: Canvas) -> None:
        edges = [60 + 140 * column for column in range(len(rows[0]) + 1)]
        canvas.grid(edges, [y - 20 * row for row in range(len(rows) + 1)])
        canvas.setFont("Helvetica", 10)
        for number, row in enumerate(rows):
            for column, words in enumerate(row):
                canvas.drawString(edges[column] + 4, y - 20 * number - 14, words)

    return draw
