"""Where the stages of one run read and write."""

from dataclasses import dataclass
from pathlib import Path

from r1tailor import config, store
from r1tailor.records import Example, read_examples
from r1tailor.schema.settings import Settings

PARTS = ("train", "validation", "test")


@dataclass(frozen=True)
class RunFolder:
    """Where the stages of one run (or of the pipeline of one domain) read and write."""

    path: Path

    @property
    def collected(self) -> Path:
        """Raw documents."""
        return self.path / "collect" / "documents.parquet"

    @property
    def provenance(self) -> Path:
        """Where the documents came from."""
        return self.path / "collect" / "provenance.json"

    @property
    def cleaned(self) -> Path:
        """Clean documents."""
        return self.path / "clean" / "documents.parquet"

    @property
    def annotated(self) -> Path:
        """Clean documents with the gold labels of those that people labelled."""
        return self.path / "annotate" / "documents.parquet"

    @property
    def examples(self) -> Path:
        """Folder of the example files."""
        return self.path / "instruct"

    @property
    def trained(self) -> Path:
        """Folder of the curriculum's phases."""
        return self.path / "train"

    def phase(self, key: str) -> Path:
        """Folder of one phase: its model, training metrics and plots."""
        return self.trained / key

    @property
    def ablated(self) -> Path:
        """Folder of the same run without temporal tokens."""
        return self.path / "ablate"

    @property
    def evaluation(self) -> Path:
        """Folder of metrics, predictions and report."""
        return self.path / "evaluation"

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

    def hashes(self) -> dict[str, str]:
        """Return the sha256 of each example file that training reads, by its name."""
        names = (f"{part}.jsonl" for part in ("train", "validation"))
        return {name: store.sha256_file(self.examples / name) for name in names}


def pipeline_folder(settings: Settings) -> RunFolder:
    """Return where ``dvc repro`` writes for a domain."""
    return RunFolder(config.ROOT / "outputs" / settings.domain.name)
