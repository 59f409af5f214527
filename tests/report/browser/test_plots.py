"""DVC's plots are drawn by our template: no network, nothing in the console, every revision has a line or bar."""

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from dvc_render.html import render_html
from dvc_render.vega import VegaRenderer

from tests.conftest import ROOT
from tests.support.browser import OVERFLOW, Watched

if TYPE_CHECKING:
    from playwright.sync_api import Page

TEMPLATE = ROOT / "src" / "r1tailor" / "template" / "plots.html"
LOSS = [{"rev": rev, "step": str(step), "loss": str(6 / step + k)} for k, rev in enumerate(("HEAD", "workspace"))
        for step in range(1, 30)]  # fmt: skip
BARS = [{"rev": rev, "metric and model": f"<b>accuracy</b> {model}", "value": "0.7"} for rev in ("HEAD", "workspace")
        for model in ("base", "tuned")]  # fmt: skip


@pytest.fixture(scope="module")
def plotted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = Path(tmp_path_factory.mktemp("plots"))
    line = VegaRenderer(LOSS, "loss.csv", x="step", y="loss", anchors_y_definitions=[], revs_with_datapoints=["HEAD"])
    bar = VegaRenderer(BARS, "bars.csv", x="value", y="metric and model", template="bar_horizontal")
    render_html([line, bar], folder / "index.html", TEMPLATE)
    return folder / "index.html"


def test_the_template_fetches_nothing(plotted: Path) -> None:
    text = plotted.read_text("utf-8")
    assert "vegaEmbed('#" in text
    assert "cdn." not in text
    assert "<script src" not in text


@pytest.mark.parametrize("width", [390, 1280])
def test_lines_and_bars_are_drawn_offline(page: "Page", plotted: Path, width: int) -> None:
    watched = Watched().over(page, "file:")
    page.set_viewport_size({"width": width, "height": 844})
    page.goto(plotted.as_uri())
    assert page.locator("polyline").count() == 2
    assert page.locator("rect").count() == 4
    assert page.locator("li").all_inner_texts() == ["HEAD", "workspace"] * 2
    assert page.locator("b").count() == 0, "names are text"
    assert page.evaluate(OVERFLOW) <= 0
    assert watched.console == []
    assert [url for url in watched.elsewhere if not url.startswith("data:")] == []
