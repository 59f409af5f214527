"""What deduplication keeps on disk comes back as it was put there."""

import subprocess
import sys
from pathlib import Path

import numpy as np

from r1tailor.corpus.shingles import digest, shingles
from r1tailor.corpus.spill import Known, Partitions, Records, spilled


def test_documents_that_share_a_key_come_back_together_in_order(tmp_path: Path) -> None:
    low, high = np.uint64(5), np.uint64(2**64 - 5)  # keys of the first and of the last partition
    with Partitions(tmp_path, "bands") as found:
        found.add(np.array([high, low, 7], np.uint64), np.array([3, 1, 9], np.uint32))
        found.add(np.array([low, high, low], np.uint64), np.array([0, 2, 4], np.uint32))
        assert [numbers.tolist() for numbers in found.together()] == [[0, 1, 4], [2, 3]]
    assert len(list(tmp_path.glob("bands-*"))) == 64


def test_no_document_shares_a_key_with_none(tmp_path: Path) -> None:
    with Partitions(tmp_path, "bands") as found:
        assert list(found.together()) == []
        found.add(np.array([1, 2], np.uint64), np.array([0, 1], np.uint32))
        assert list(found.together()) == []


def test_what_is_known_of_a_document_is_found_by_its_number(tmp_path: Path) -> None:
    texts = {"病历/1": "no fever, denies pain", "b": "", "c": "患者无发热"}
    known = [
        Known(name, digest(text), grams)
        for (name, text), grams in zip(texts.items(), shingles([*texts.values()]), strict=True)
    ]
    with Records(tmp_path) as records:
        records.add(known[:2])
        records.add(known[2:])
        for number in (2, 0, 1, 0):
            found = records.known(number)
            assert (found.id, found.digest) == (known[number].id, known[number].digest)
            assert np.array_equal(found.shingles, known[number].shingles)


def test_what_a_killed_run_left_is_removed_by_the_next(tmp_path: Path) -> None:
    killed = (
        "from r1tailor import durable; from pathlib import Path; import sys; place = Path(sys.argv[1]);"
        "durable.temporary(place / 'documents.parquet').write_text('raw text');"
        "durable.temporary(place / 'duplicates').mkdir()"
    )
    subprocess.run([sys.executable, "-c", killed, str(tmp_path)], check=True)
    assert len(list(tmp_path.iterdir())) == 2
    with spilled(tmp_path) as place:
        assert list(tmp_path.iterdir()) == [place]
        assert place.stat().st_mode & 0o777 == 0o700
    assert list(tmp_path.iterdir()) == []
