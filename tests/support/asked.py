"""What ``r1tailor ask`` prints, asked of a run that ``domain_runs.evaluated`` has made."""

from pathlib import Path

import pytest

from r1tailor import config, store
from r1tailor.__main__ import main
from tests.conftest import FASTER
from tests.support.domain_runs import TINY


def asked(domain: str, folder: Path, question: str, capsys: pytest.CaptureFixture[str], *overrides: str) -> str:
    """Ask the tuned model of a run and return what was printed."""
    settings = config.load([f"domain={domain}", *TINY, *FASTER, *overrides])
    store.write_text(folder / "config.yaml", config.as_yaml(settings))
    store.write_json(folder / "run.json", {"status": "done", "domain": settings.domain.name})
    capsys.readouterr()
    main(["ask", str(folder), question])
    return capsys.readouterr().out
