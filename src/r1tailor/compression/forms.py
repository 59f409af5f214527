"""Which forms there are, and how one is made of a saved model: written, held against its parent, and sealed.

A form is a saved model of its own (``artifact.py``) whose manifest names the hash of its parent's. It never takes its
parent's place: it lies beside a version, whose id stays.
"""

import shutil
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any, Protocol, get_args

from transformers import PreTrainedModel

from r1tailor import artifact, config, store
from r1tailor.artifact import Artifact, Facts
from r1tailor.batching.tokens import ChatTokenizer
from r1tailor.compression.compressed_tensors import W8A8
from r1tailor.compression.drift import distributions, drift
from r1tailor.compression.dynamic_int8 import DynamicInt8
from r1tailor.compression.gguf import Gguf
from r1tailor.compression.merge import Merge, merged
from r1tailor.errors import UserError
from r1tailor.inference import open_artifact
from r1tailor.inference.local import open_tuned
from r1tailor.model.base import Kind
from r1tailor.model.licence import copy_notice
from r1tailor.model.temporal import text_only
from r1tailor.model.temporal_files import save_encoder
from r1tailor.schema.compression import Form as Name
from r1tailor.schema.settings import Settings

_LIBRARIES = ("torch", "transformers", "safetensors", "gguf", "xllamacpp")


class Form(Protocol):
    """One way to write a model.

    Attributes:
        kind: how it is loaded; the manifest records it.
        reads_windows: whether a temporal encoder can stand next to it.
    """

    kind: Kind
    reads_windows: bool

    def write(self, model: PreTrainedModel, tokenizer: ChatTokenizer, settings: Settings, folder: Path) -> None:
        """Write a whole model in fp32.

        Raises:
            UserError: this model cannot be written so.
        """
        ...


FORMS: dict[Name, Form] = {
    "merge": Merge(),
    "gguf_f16": Gguf("f16"),
    "gguf_q8_0": Gguf("q8_0"),
    "gguf_q4_0": Gguf("q4_0"),
    "dynamic_int8": DynamicInt8(),
    "w8a8": W8A8(),
}
assert tuple(FORMS) == get_args(Name)


def make(name: Name, model: Path, settings: Settings, root: Path, folder: Path) -> dict[str, Any]:
    """Write a saved model in another form; return what its manifest records of sizes and drift.

    Args:
        name: of the form.
        model: folder of the saved model.
        settings: the composition that it was trained with.
        root: the project's root.
        folder: where the form shall lie; an old one stays until the new one is whole.

    Raises:
        CheckpointError: the saved model is damaged or does not fit.
        UserError: the form does not take this model.
    """
    form, saved = FORMS[name], artifact.read(model)
    if saved.kind not in ("adapter", "full"):
        raise UserError(f"{model} is a form already ({saved.kind}); name the model that it was made of")
    if saved.temporal and not form.reads_windows:
        able = ", ".join(other for other, one in FORMS.items() if one.reads_windows)
        raise UserError(f"{name}: {model} reads windows of numbers (temporal encoder), which only {able} can hold")
    parent = open_tuned(replace(saved, precision="fp32"), settings, root)
    instruction = settings.domain.task.instruction
    before = distributions(parent, instruction)
    with text_only(parent.model) as encoder:
        whole = merged(parent.model)
        parameters = sum(parameter.numel() for parameter in whole.parameters())
        with artifact.written(folder, _facts(form, saved), {"form": name, "libraries": _libraries()}) as temporary:
            form.write(whole, parent.tokenizer, settings, temporary)
            copy_notice(saved.folder, temporary)
            if encoder is not None:
                save_encoder(encoder, temporary)
            store.write_text(temporary / "config.yaml", _composition(settings))
    after = distributions(open_artifact(artifact.read(folder), settings, root), instruction)
    facts = {"parameters": parameters, "bytes": size(folder), "drift": drift(before, after)}
    artifact.amend(folder, facts)
    return facts


def adopt(form: Path, folder: Path, verdict: dict[str, Any]) -> None:
    """Copy a form to another place, with the verdict of its comparison with its parent.

    Raises:
        CheckpointError: it is damaged.
    """
    artifact.read(form)
    facts = {name: value for name, value in artifact.recorded(form).items() if name != "files"}
    with store.replaced_folder(folder, facts | {"verdict": verdict}) as temporary:
        for path in form.iterdir():
            if path.name != store.MANIFEST:
                shutil.copy2(path, temporary / path.name)


def size(folder: Path) -> int:
    """Return the bytes of a saved model's files, its manifest left out."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file() and path.name != store.MANIFEST)


def summary(name: str, facts: dict[str, Any]) -> str:
    """Return size and drift of a form in one line."""
    count, far, taken = facts["parameters"], facts["drift"], facts["bytes"]
    return (
        f"{name}: {taken:,} bytes ({taken / 4 / count:.3f} x fp32, {taken / 2 / count:.3f} x bf16); against its parent "
        f"in fp32: top-1 agreement {far['top1']:.1%}, KL {far['kl']:.2g} nats, largest difference of a log-probability "
        f"{far['largest']:.2g}, mean {far['mean']:.2g}"
    )


def _facts(form: Form, saved: Artifact) -> Facts:
    precision = "fp32" if form.kind in ("int8", "gguf") else saved.precision
    return Facts(
        kind=form.kind,
        base=saved.base,
        precision=precision,
        tokenizer=saved.tokenizer,
        chat_template=saved.chat_template,
        temporal=saved.temporal,
        parent=saved.sha256,
    )


def _libraries() -> dict[str, str]:
    return {name: version(name) for name in _LIBRARIES}


def _composition(settings: Settings) -> str:
    """Return the composition as YAML, so that a form can be opened wherever it lies."""
    return config.as_yaml(settings.model_copy(update={"output": None, "resume": False}))
