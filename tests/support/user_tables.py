"""Users' own tables of figures, and what is said of their damaged rows."""

from datetime import date
from pathlib import Path
from typing import Any

from r1tailor.sources.market.fetch import open_feed
from tests.support.feed_cases import source

SYMBOLS = {"A": "a", "B": "b"}
LONG = {"date": "day", "symbol": "code", "value": "close"}
FIRST, LAST = date(2008, 1, 1), date(2008, 12, 31)


def rejections(settings: dict[str, Any], root: Path) -> list[str]:
    feed = open_feed(source(settings | {"symbols": SYMBOLS}), root)
    return [str(rejection) for page in feed.pages(FIRST, LAST) for rejection in page.rejected]
