"""The references hold every setting and metric there is, and the site builds strictly, without the network."""

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from r1tailor import reference
from r1tailor.domain.declaration import declarations
from r1tailor.domain.named_metrics import NAMED
from r1tailor.schema.settings import Settings
from tests.conftest import ROOT


@pytest.fixture(scope="module")
def generated() -> ModuleType:
    """The hook of MkDocs, as a module."""
    spec = importlib.util.spec_from_file_location("generated", ROOT / "docs" / "generated.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_settings_reference_holds_every_setting_with_a_description(generated: ModuleType) -> None:
    page = generated.settings_page()
    top = [setting.key for setting in reference.settings_of(Settings) if setting.sections]
    assert [key for key in top if f"\n## `{key}`\n" not in page] == []
    every = reference.keys()
    for key in {key.replace(".<name>", "") for key in every} - set(top):
        row = re.search(rf"^\| `{re.escape(key)}` \| (.*?) \|", page, re.MULTILINE)
        assert row, key
        assert row.group(1), key


def test_values_of_conf_stand_next_to_their_settings(generated: ModuleType) -> None:
    page = generated.settings_page()
    assert "| `seed` | " in page
    assert re.search(r"^\| `seed` .* \| `1` \|$", page, re.MULTILINE)
    assert re.search(
        r"^\| `trainer.micro_batch_tokens` .*`2048` \(cpu\); `16384` \(ddp, fsdp, gpu\) \|$", page, re.MULTILINE
    )


def test_the_metrics_reference_describes_every_metric(generated: ModuleType) -> None:
    page = generated.metrics_page()
    for metric in [*NAMED, *(metric for kind in declarations() for metric in kind.metrics)]:
        assert metric.description.endswith("."), metric.name
        assert f"| `{metric.name}` | {metric.description} | " in page


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built site."""
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(folder)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stderr
    return folder


def test_the_site_loads_nothing_from_elsewhere(site: Path) -> None:
    for page in site.rglob("*.html"):
        loaded = re.findall(r'<(?:script|link|img|iframe)[^>]+(?:src|href)="(https?:[^"]+)"', page.read_text("utf-8"))
        assert not loaded, page


def test_the_site_holds_examples_and_references(site: Path) -> None:
    assert "NOTEEVENTS.csv" in (site / "en" / "examples.html").read_text("utf-8")
    assert "trainer.micro_batch_tokens" in (site / "en" / "reference" / "settings.html").read_text("utf-8")
    assert (site / "zh" / "guides" / "hospital.html").is_file()
