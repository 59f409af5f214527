"""What was redacted is nowhere but in the raw documents: in no output, version, cache, log or curve of a whole run."""

import json
import os
from pathlib import Path

import pytest
from pyarrow import parquet
from safetensors.torch import load_file

from r1tailor import config, stages, store
from r1tailor.confidential import confidential
from r1tailor.layout import RunFolder
from r1tailor.model.load import load_tokenizer
from r1tailor.schema.settings import Settings
from tests.conftest import FASTER

PLANTED = ("quivane", "Zorblatt", "523-41-8867", "217-555-3134", "70012", "鹿目圆", "zorb@quivane.example", "97 y/o")
_STAGES = ("collect", "clean", "annotate", "instruct", "teach", "train", "variant", "evaluate", "report", "register")
Made = tuple[Settings, RunFolder, Path, str]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """Run every stage on records that name people, in a project and with a cache of their own."""
    root, cache = tmp_path_factory.mktemp("project"), tmp_path_factory.mktemp("cache")
    rows = [
        {
            "input": f"pt zorblatt quivane, 97 y/o, SSN 523-41-8867, 217-555-3134, zorb@quivane.example, no {n * 79}",
            "output": ("red", "green", "blue")[n % 3],
            "reasoning": "Seen by Dr. Zorblatt Quivane. 患者姓名：鹿目圆，转诊。",
            "group": str(70012000 + n),
        }
        for n in range(60)
    ]
    source = root / "notes.jsonl"
    source.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    domain = ("domain=generic", "domain.name=notes", f"domain.sources.0.path={source}", "domain.compliance=hipaa")
    with pytest.MonkeyPatch.context() as patch, (root / "log").open("w+") as log:
        patch.setenv("R1TAILOR_PRIVACY_KEY", "sixteen bytes or more")
        patch.setenv("R1TAILOR_CACHE", str(cache))
        patch.setattr(config, "ROOT", root)
        patch.setattr("sys.stdout", log)
        patch.setattr("sys.stderr", log)
        os.umask(0o022)
        chosen = ("domain.cleaning.privacy=hipaa", "model=tiny_llama", "trainer.max_steps=2")
        alike = (
            "domain.split.by=group",
            "domain.split.similarity=1",
            "domain.split.leaks={fields: [input], containment: 1, on_leak: remove}",
        )
        settings = config.load([*domain, *chosen, *alike, *FASTER])
        run = RunFolder(root / "outputs" / "notes")
        with confidential(settings, run.path):
            for stage in _STAGES:
                stages.STAGES[stage](settings, run)
        log.seek(0)
        return settings, run, cache, log.read()


def _texts(path: Path, settings: Settings) -> str:
    """Return all that a file says: of a Parquet file its values, of token ids what they spell."""
    if path.suffix == ".parquet":
        return str(parquet.read_table(path).to_pylist())
    if path.suffix == ".safetensors" and "ids" in (found := load_file(path)):
        tokenizer = load_tokenizer(settings.model, config.ROOT).tokenizer
        return str(tokenizer.decode(found["ids"].tolist()))
    return path.read_bytes().decode("utf-8", "replace")


def test_nothing_planted_is_found_outside_the_raw_documents(made: Made) -> None:
    settings, run, cache, log = made
    root = run.path.parents[1]
    files = [path for folder in (root / "outputs", cache) for path in folder.rglob("*") if path.is_file()]
    looked_at = [path for path in files if not path.is_relative_to(run.collected.parent)]
    for path in looked_at:
        text = _texts(path, settings)
        assert not [planted for planted in PLANTED if planted.lower() in text.lower()], path
    assert not [planted for planted in PLANTED if planted in log]
    names = " ".join(map(str, looked_at))
    assert all(part in names for part in ("tensorboard", "register", "evaluation", "clean", str(cache)))


def test_the_search_would_find_them(made: Made) -> None:
    settings, run, _, _ = made
    assert "zorblatt quivane" in _texts(run.collected, settings)
    assert any("[NAME]" in path.read_text("utf-8") for path in run.examples.glob("*.jsonl"))


def test_groups_stay_distinct_and_what_passed_is_recorded(made: Made) -> None:
    _, run, _, _ = made
    groups = [item.group for items in run.parts().values() for item in items]
    assert len(set(groups)) == len(groups) > 40
    told = store.read_json(run.cleaned.with_name("report.json"))["compliance"]
    assert told == {"documents": 60, "with_findings": 0, "findings": {}, "where": []}
