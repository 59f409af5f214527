"""Label Studio's exports become annotations: JSON (a task with its annotations) and JSON-MIN (a row an annotation).

What is checked, because it goes wrong in practice: a region covers the very text it carries, whatever its offsets count
(``offsets.py``); a cancelled annotation counts for nothing and a draft is none; relations point to regions of the same
annotation; labels are the scheme's and documents are as they were when they were labelled.
Format: https://labelstud.io/guide/export, verified with 1.23.2.
"""

from pathlib import Path

from r1tailor.annotation.expected import Expected
from r1tailor.annotation.label_studio import full, minimal
from r1tailor.records import Annotation, read_json_list


def read(path: Path, expected: Expected) -> list[Annotation]:
    """Return the annotations of a JSON or JSON-MIN export, in the order of the file.

    Raises:
        DataError: the file is no such export, or says what it cannot say; names task, annotation and region.
    """
    rows = read_json_list(path)
    if rows and all(isinstance(row, dict) and "annotation_id" in row for row in rows):
        return minimal.annotations(rows, path, expected)
    return full.annotations(rows, path, expected)
