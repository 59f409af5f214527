"""Walking the pipeline by hand: what a stage refused reaches no later stage, and only what was evaluated registers."""

import json
import shutil
from pathlib import Path

import pytest

from r1tailor import config, stage_outputs, stages, store
from r1tailor.corpus import cleaned
from r1tailor.document_files import read_documents, write_documents
from r1tailor.errors import CheckpointError, DataError
from r1tailor.layout import RunFolder
from r1tailor.schema.settings import Settings
from r1tailor.stages import material
from tests.support.sealed import seal
from tests.support.toy_run import toy_run, toy_settings

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:lightning")
EARLY = ("collect", "clean", "annotate", "instruct")
ALL = (*EARLY, "teach", "train", "evaluate", "register")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, RunFolder]:
    root = tmp_path_factory.mktemp("made")
    return root, toy_run(root)


@pytest.fixture
def copied(made: tuple[Path, RunFolder], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Settings, RunFolder]:
    """A finished run of its own, whose versions would go to a registry of its own."""
    root, run = made
    monkeypatch.setattr(config, "ROOT", tmp_path)
    shutil.copytree(run.path, tmp_path / "run")
    return toy_settings(root), RunFolder(tmp_path / "run")


def test_the_finished_run_is_registered(copied: tuple[Settings, RunFolder]) -> None:
    settings, run = copied
    version = stages.register(settings, run)
    assert version.domain == settings.domain.name
    written = {"README.md", "EVIDENCE.md", "SHA256SUMS", "config.yaml"}  # for this version; the rest is the run's
    hashed = dict(line.split("  ")[::-1] for line in (run.version / "SHA256SUMS").read_text().splitlines())
    assert hashed == {name: sha256 for name, sha256 in version.files.items() if name not in written}
    assert {"evaluation/report.html", "evaluation/headline.json"} <= hashed.keys()
    assert written < version.files.keys()
    assert stages.register(settings, run).id == version.id, "the same run is the same version"


def _refuse(stage: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make a stage of the data refuse its material, wherever it does its work."""

    def refused(*_: object, **__: object) -> None:
        raise DataError("refused")

    place = {
        "collect": (material, "write_documents"),
        "clean": (cleaned, "gate"),
        "annotate": (shutil, "copyfile"),
        "instruct": (material, "build"),
    }
    monkeypatch.setattr(*place[stage], refused)


@pytest.mark.parametrize("refused", EARLY)
def test_no_later_stage_runs_after_a_refusal(
    refused: str, copied: tuple[Settings, RunFolder], monkeypatch: pytest.MonkeyPatch
) -> None:
    settings, run = copied
    with monkeypatch.context() as patched:
        _refuse(refused, patched)
        with pytest.raises(DataError, match=r"^refused$"):
            stages.STAGES[refused](settings, run)
    for later in ALL[ALL.index(refused) + 1 :]:
        with pytest.raises(DataError, match=r"does not exist\. Run the stage before"):
            stages.STAGES[later](settings, run)
    assert not (run.path / "register").exists()


def test_a_refused_gate_leaves_no_document(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("R1TAILOR_PRIVACY_KEY", "a key of tests, long enough to be one")
    source = tmp_path / "colours.jsonl"
    rows = [{"input": f"patient {i}, SSN 536-90-{4399 + i}", "output": "red"} for i in range(20)]
    source.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    privacy = "domain.cleaning.privacy={kinds: {email: redact}, key_variable: R1TAILOR_PRIVACY_KEY}"
    settings, run = toy_settings(tmp_path, "domain.compliance=hipaa", privacy), RunFolder(tmp_path / "run")
    stages.collect(settings, run)
    with pytest.raises(DataError, match="hold identifiers"):
        stages.clean(settings, run)
    kept = [path for path in run.cleaned.parent.rglob("*") if path.is_file() and path.stat().st_size]
    assert kept == []
    with pytest.raises(DataError, match="does not exist"):
        stages.annotate(settings, run)


def test_an_evaluation_that_refused_registers_nothing(
    copied: tuple[Settings, RunFolder], monkeypatch: pytest.MonkeyPatch
) -> None:
    settings, run = copied
    weights = next((run.phase(settings.curriculum.final) / "model").glob("*.safetensors"))
    sound = weights.read_bytes()
    weights.write_bytes(sound[:-1] + bytes([sound[-1] ^ 1]))
    with pytest.raises(CheckpointError, match="was changed after it was written"):
        stages.evaluate(settings, run)
    weights.write_bytes(sound)
    with pytest.raises(DataError, match=r"metrics\.json does not exist"):
        stages.register(settings, run)


def test_weights_changed_after_the_evaluation_are_not_registered(copied: tuple[Settings, RunFolder]) -> None:
    settings, run = copied
    model = run.phase(settings.curriculum.final) / "model"
    weights = next(model.glob("*.safetensors"))
    sound = weights.read_bytes()
    weights.write_bytes(sound[:-1] + bytes([sound[-1] ^ 1]))
    with pytest.raises(CheckpointError, match="was changed after it was written"):
        stages.register(settings, run)
    facts = {k: v for k, v in store.read_json(model / store.MANIFEST).items() if k != "files"}
    store.write_manifest(model, facts)  # another model, whole in itself
    with pytest.raises(DataError, match=r"^model: not what was evaluated"):
        stages.register(settings, run)


def _resealed(settings: Settings, run: RunFolder) -> None:
    """Seal the examples as if ``instruct`` had written them."""
    seal(run, settings.domain.compliance)


def test_old_metrics_do_not_register_a_model_of_new_examples(copied: tuple[Settings, RunFolder]) -> None:
    settings, run = copied
    examples = run.examples / "train.jsonl"
    examples.write_text("".join(examples.read_text().splitlines(keepends=True)[1:]))
    _resealed(settings, run)
    with pytest.raises(DataError, match=r"was trained with other settings or examples \(data\.train"):
        stages.register(settings, run)
    with pytest.raises(DataError, match=r"was trained with other settings or examples \(data\.train"):
        stages.evaluate(settings, run)


@pytest.mark.parametrize(("name", "where"), [("metrics", "evaluation/metrics.json"), ("test", "instruct/test.jsonl")])
def test_what_was_measured_is_not_exchanged(name: str, where: str, copied: tuple[Settings, RunFolder]) -> None:
    settings, run = copied
    path = run.path / where
    path.write_text(path.read_text().replace("0.", "1.") + "\n")
    _resealed(settings, run)
    with pytest.raises(DataError, match=f"^{name}: not what was evaluated"):
        stages.register(settings, run)


READERS = {
    "collect/documents.parquet": ("clean", "collect"),
    "collect/provenance.json": ("evaluate", "collect"),
    "clean/documents.parquet": ("annotate", "clean"),
    "annotate/documents.parquet": ("instruct", "annotate"),
    "instruct/train.jsonl": ("train", "instruct"),
    "instruct/test.jsonl": ("register", "instruct"),
}


@pytest.mark.parametrize("where", READERS)
def test_a_flipped_bit_is_noticed_by_the_next_reader(where: str, copied: tuple[Settings, RunFolder]) -> None:
    settings, run = copied
    content, (reader, writer) = bytearray((run.path / where).read_bytes()), READERS[where]
    content[len(content) // 2] ^= 1
    (run.path / where).write_bytes(content)
    with pytest.raises(DataError, match=rf"was changed after it was written\. Run {writer} again"):
        stages.STAGES[reader](settings, run)


def test_examples_that_no_teacher_wrote_are_not_trained_on(copied: tuple[Settings, RunFolder]) -> None:
    settings, run = copied
    shutil.copy(run.examples / "train.jsonl", run.taught / "train.jsonl")
    for reader in ("train", "evaluate", "register"):
        with pytest.raises(DataError, match=r"train\.jsonl is not in its manifest\. Run teach again"):
            stages.STAGES[reader](settings, run)
    stages.teach(settings, run)
    assert sorted(file.name for file in run.taught.iterdir()) == [store.MANIFEST]


def test_stages_of_different_runs_do_not_mix(copied: tuple[Settings, RunFolder]) -> None:
    settings, run = copied
    documents = list(read_documents(run.collected))[:-1]
    with stage_outputs.sealed(settings, run, "collect"):
        write_documents(run.collected, documents)
    for later in ("annotate", "instruct", "teach", "train", "evaluate", "register"):
        with pytest.raises(DataError, match=r"clean was made from other files .* Run clean again"):
            stages.STAGES[later](settings, run)


def test_the_verdict_of_the_gate_is_demanded(copied: tuple[Settings, RunFolder]) -> None:
    settings, run = copied
    strict = settings.model_copy(update={"domain": settings.domain.model_copy(update={"compliance": "hipaa"})})
    for later in ("annotate", "instruct", "teach", "train", "evaluate", "register"):
        with pytest.raises(DataError, match=r"was checked for domain\.compliance = none, now it is hipaa"):
            stages.STAGES[later](strict, run)


def test_a_refused_training_leaves_no_model_of_other_settings_to_evaluate(copied: tuple[Settings, RunFolder]) -> None:
    settings, run = copied
    optimizer = settings.optimizer.model_copy(update={"lr": 0.5})
    for later in ("register", "evaluate"):
        with pytest.raises(DataError, match=r"trained with other settings or examples \(optimizer\.lr\)"):
            stages.STAGES[later](settings.model_copy(update={"optimizer": optimizer}), run)
