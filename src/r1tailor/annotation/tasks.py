"""Task files for annotators, in the format of each tool that a domain uses."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from r1tailor import store
from r1tailor.annotation import prodigy
from r1tailor.annotation.label_studio import tasks as label_studio_tasks
from r1tailor.annotation.suggest import Suggestion
from r1tailor.records import Document
from r1tailor.schema.annotation import Export, OwnScheme


def write_tasks(
    folder: Path,
    exports: Sequence[Export],
    scheme: OwnScheme,
    documents: Sequence[Document],
    suggestions: Sequence[Suggestion] = (),
    reasons: Mapping[str, str] | None = None,
) -> list[Path]:
    """Write the tasks of documents and return the files; without documents nothing is written.

    For Prodigy they are ``prodigy.jsonl``; for Label Studio ``label_studio.json``, with the labelling configuration in
    ``label_studio.xml``. The tools are those of the exports; without exports it is Label Studio.

    Args:
        folder: where to write.
        exports: of the domain.
        scheme: the labels.
        documents: in the order in which they are to be labelled.
        suggestions: pre-annotations that annotators see.
        reasons: by document, why it is to be labelled.
    """
    if not documents:
        return []
    kinds = {export.kind for export in exports}
    written = []
    if "prodigy" in kinds:
        lines = prodigy.tasks(documents, scheme, suggestions, reasons=reasons)
        written.append(folder / "prodigy.jsonl")
        store.write_text(written[-1], "".join(f"{json.dumps(line, ensure_ascii=False)}\n" for line in lines))
    if kinds != {"prodigy"}:
        written.append(folder / "label_studio.json")
        store.write_json(written[-1], label_studio_tasks.tasks(documents, suggestions, reasons=reasons))
        store.write_text(folder / "label_studio.xml", label_studio_tasks.labelling_config(scheme))
    return written
