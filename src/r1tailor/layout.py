"""Where the stages of one run read and write."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from r1tailor import config, store
from r1tailor.record_files import read_examples
from r1tailor.records import Example
from r1tailor.schema.settings import Settings

PARTS = ("train", "validation", "test")
TRAIN = "train.jsonl"
ANSWERS = "answers.jsonl"  # of a teacher: every text that it wrote
PROBABILITIES = "probabilities.parquet"  # of a teacher
REFERENCES = "references.json"  # of a reference model: log-likelihoods of pairs


@dataclass(frozen=True)
class RunFolder:
    """Where the stages of one run (or of the pipeline of one domain) read and write.

    Attributes:
        path: its folder.
        shares: of a variant, the folder of the run whose documents it reads.
    """

    path: Path
    shares: Path | None = None

    @property
    def inputs(self) -> Path:
        """Folder of what each stage depends on besides settings and earlier stages."""
        return self.path / "inputs"

    @property
    def _documents(self) -> Path:
        return self.shares or self.path

    @property
    def collected(self) -> Path:
        """Raw documents."""
        return self._documents / "collect" / "documents.parquet"

    @property
    def provenance(self) -> Path:
        """Where the documents came from."""
        return self._documents / "collect" / "provenance.json"

    @property
    def cleaned(self) -> Path:
        """Clean documents."""
        return self._documents / "clean" / "documents.parquet"

    @property
    def annotated(self) -> Path:
        """Clean documents with the gold labels of those that people labelled."""
        return self._documents / "annotate" / "documents.parquet"

    @property
    def examples(self) -> Path:
        """Folder of the example files."""
        return self.path / "instruct"

    @property
    def taught(self) -> Path:
        """Folder of what a teacher or a reference model was asked for, and a report."""
        return self.path / "teach"

    @property
    def lessons(self) -> Path | None:
        """File of a teacher's distributions or of a reference model's log-likelihoods; None where neither is there."""
        files = (self.taught / name for name in (PROBABILITIES, REFERENCES))
        return next((file for file in files if file.exists()), None)

    @property
    def trained(self) -> Path:
        """Folder of the curriculum's phases."""
        return self.path / "train"

    def phase(self, key: str) -> Path:
        """Folder of one phase: its model, training metrics and plots."""
        return self.trained / key

    @property
    def variants(self) -> Path:
        """Folder of the models trained with other settings on the same documents, each in a folder of its name."""
        return self.path / "variant"

    def variant(self, name: str) -> "RunFolder":
        """Return where a variant of this run keeps its examples and its model."""
        return RunFolder(self.variants / name, self._documents)

    @property
    def compressed(self) -> Path:
        """Folder of the tuned model's other forms, each in a folder of its name."""
        return self.path / "compress"

    @property
    def evaluation(self) -> Path:
        """Folder of metrics, predictions and report."""
        return self.path / "evaluation"

    @property
    def attacked(self) -> Path:
        """Folder of what attacks came to: rates, verdicts, tasks."""
        return self.path / "redteam"

    @property
    def errors(self) -> Path:
        """Folder of what was found about the model's errors, and of the tasks that follow from it."""
        return self.path / "errors"

    @property
    def version(self) -> Path:
        """Folder of the version that the run makes: complete, without number or time."""
        return self.path / "register"

    def parts(self) -> dict[str, list[Example]]:
        """Return the examples of each part.

        Raises:
            DataError: a file is missing or damaged.
        """
        return {name: read_examples(self.examples / f"{name}.jsonl") for name in PARTS}

    def trained_on(self) -> dict[str, list[Example]]:
        """Return the examples that training reads: those of a teacher where ``teach`` wrote any.

        Raises:
            DataError: a file is missing or damaged.
        """
        files = {"train": self._train_file, "validation": self.examples / "validation.jsonl"}
        return {name: read_examples(file) for name, file in files.items()}

    def hashes(self) -> dict[str, str]:
        """Return the sha256 of each file of examples, distributions and references that training reads, by its name."""
        files = [self._train_file, self.examples / "validation.jsonl", *filter(None, [self.lessons])]
        return {file.name: store.sha256_file(file) for file in files}

    @property
    def _train_file(self) -> Path:
        file = self.taught / TRAIN
        return file if file.exists() else self.examples / TRAIN


def pipeline_folder(settings: Settings) -> RunFolder:
    """Return where ``dvc repro`` writes for a domain."""
    return RunFolder(config.ROOT / "outputs" / settings.domain.name)


def finished_runs(root: Path, domain: str | None = None) -> Iterator[Path]:
    """Yield the folders of the finished direct runs (of a domain), the newest first."""
    records = [path for path in (root / "outputs" / "runs").glob("*/run.json") if not path.parent.is_symlink()]
    for path in sorted(records, key=lambda path: path.stat().st_mtime_ns, reverse=True):
        facts = store.read_json(path)
        if facts.get("status") == "done" and domain in (None, facts.get("domain")):
            yield path.parent
