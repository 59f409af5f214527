"""Label Studio's exports become annotations: JSON (tasks with annotations) and JSON-MIN (one row per annotation).

These are checked, since they go wrong in practice: a region covers the text it carries, in whichever unit its offsets
count (``offsets.py``); a cancelled annotation does not count, and a draft is not an annotation; relations point to
regions of the same annotation; labels are in the scheme, and documents are unchanged since they were labelled.
Format: https://labelstud.io/guide/export, verified with 1.23.2.
"""

from pathlib import Path

from r1tailor.annotation.expected import Expected
from r1tailor.annotation.label_studio import full, minimal
from r1tailor.record_files import read_json_list
from r1tailor.records import Annotation


def read(path: Path, expected: Expected) -> list[Annotation]:
    """Return the annotations of a JSON or JSON-MIN export, in the order of the file.

    Raises:
        DataError: the file is not such an export, or its labels are inconsistent; names task, annotation and region.
    """
    rows = read_json_list(path)
    if rows and all(isinstance(row, dict) and "annotation_id" in row for row in rows):
        return minimal.annotations(rows, path, expected)
    return full.annotations(rows, path, expected)
