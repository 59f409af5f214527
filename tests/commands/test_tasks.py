"""``r1tailor tasks``: clean documents become tasks for annotators."""

import json
from pathlib import Path
from typing import Any

import pytest

from r1tailor import config
from r1tailor.__main__ import main
from r1tailor.document_files import write_documents
from r1tailor.layout import pipeline_folder
from r1tailor.records import Document
from r1tailor.schema.settings import Settings

FACTS = {"source": "s", "licence": "l", "sha256": "0", "position": "1", "available_at": "2020-01-01"}


@pytest.fixture
def composed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[Settings]:
    """The composition of a project with three clean documents; the test may change it."""
    found = [config.load(["domain=medical"])]
    monkeypatch.setattr(config, "ROOT", tmp_path)
    monkeypatch.setattr(config, "load_params", lambda: found[-1])
    cleaned = pipeline_folder(found[0]).cleaned
    cleaned.parent.mkdir(parents=True)
    write_documents(cleaned, [Document(f"d{i}", f"No fever on day {i}.", **FACTS) for i in range(3)])
    return found


@pytest.mark.usefixtures("composed")
def test_the_first_documents_become_tasks(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["tasks", "--limit", "2", "--folder", "mine"])
    written = [Path(line) for line in capsys.readouterr().out.splitlines()]
    assert written
    assert all(path.is_file() and path.parent == tmp_path / "mine" for path in written)
    tasks: list[dict[str, Any]] = json.loads((tmp_path / "mine" / "label_studio.json").read_text("utf-8"))
    assert [task["data"]["text"] for task in tasks] == ["No fever on day 0.", "No fever on day 1."]


def test_a_domain_without_a_scheme_says_where_one_is(
    composed: list[Settings], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    domain = composed[0].domain.model_copy(update={"annotation": None})
    composed.append(composed[0].model_copy(update={"domain": domain}))
    with pytest.raises(SystemExit) as ended:
        main(["tasks"])
    assert ended.value.code == 2
    assert "domain.annotation = null: name a scheme there" in capsys.readouterr().err
    assert not (tmp_path / "outputs" / "tasks").exists()
