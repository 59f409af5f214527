"""Hand-made outputs of the data's stages, sealed as if the stages had written them."""

from r1tailor import store
from r1tailor.layout import RunFolder


def seal(run: RunFolder, asked: str = "none") -> None:
    """Seal the outputs of a run whose domain asks for a compliance."""
    before = None
    for stage, folder in {
        "collect": run.collected.parent,
        "clean": run.cleaned.parent,
        "annotate": run.annotated.parent,
        "instruct": run.examples,
        "teach": run.taught,
    }.items():
        folder.mkdir(parents=True, exist_ok=True)
        store.write_manifest(folder, {"stage": stage, "made_from": before, "asked": asked})
        before = store.sha256_file(folder / store.MANIFEST)
