"""Documents that repeat an earlier one are left out: all exact copies, and near ones with a known probability."""

import json
from collections.abc import Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as profile
from hypothesis import strategies as st

from r1tailor import bounded, store
from r1tailor.corpus.deduplicate import bands_and_rows, deduplicate
from r1tailor.corpus.shingles import digest, words
from r1tailor.document_files import read_documents, write_documents
from r1tailor.errors import DataError
from r1tailor.records import Document
from r1tailor.schema.corpus import Duplicates, Limits
from r1tailor.schema.sources import PackagedSource
from r1tailor.sources import read
from tests.conftest import ROOT
from tests.corpus.test_engine import Compose

FACTS = {"source": "s", "licence": "l", "sha256": "0", "position": "1", "available_at": "2020-01-01"}
LAW = "国务院有关主管部门应当按照职责分工，加强对本法实施情况的监督检查，并及时公布检查结果"


def _deduplicated(folder: Path, texts: Sequence[str], similarity: float) -> tuple[list[int], dict[str, Any]]:
    """Return which texts are left, and the report with its pairs."""
    path = folder / "documents.parquet"
    write_documents(path, (Document(f"d{number}", text, **FACTS) for number, text in enumerate(texts)))
    # In a worker as in the pipeline: MinHash starts threads, and a process that has them cannot fork workers that hash.
    report = bounded.run(lambda: deduplicate(path, path, Duplicates(similarity=similarity)), Limits())
    pairs = [json.loads(line) for line in (folder / report["pairs"]).read_text("utf-8").splitlines()]
    return [int(document.id[1:]) for document in read_documents(path)], report | {"pairs": pairs}


def _grams(text: str) -> set[tuple[str, ...]]:
    """Return a text's word 3-grams, by the words themselves."""
    found = words(text)
    padded = [*found, "", ""] if len(found) < 3 else found
    return {tuple(padded[i : i + 3]) for i in range(len(padded) - 2)} if found else set()


def _index(one: str, other: str) -> float:
    first, second = _grams(one), _grams(other)
    return len(first & second) / len(first | second) if first and second else 0.0


@pytest.mark.parametrize("similarity", [0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 0.99])
def test_bands_and_rows_miss_a_pair_at_the_threshold_with_less_than_one_percent(similarity: float) -> None:
    bands, rows = bands_and_rows(similarity)
    assert (1 - similarity**rows) ** bands < 0.01
    assert (1 - similarity**rows) ** (bands - 1) >= 0.01
    assert bands * rows <= 128


@pytest.mark.parametrize("similarity", [0.6, 0.8])
def test_planted_pairs_at_the_threshold_are_found(similarity: float, tmp_path: Path) -> None:
    """400 pairs with an index of exactly the threshold: 2 s n / (1 + s) of n shingles are shared."""
    shingles_each = 40 if similarity == 0.6 else 54
    shared = round(2 * similarity * shingles_each / (1 + similarity)) + 2  # words
    texts = []
    for pair in range(400):
        for copy in "ab":
            same = [f"w{pair}x{place}" for place in range(shared)]
            texts.append(" ".join([*same, *(f"{copy}{pair}x{place}" for place in range(shingles_each + 2 - shared))]))
    assert _index(texts[0], texts[1]) == pytest.approx(similarity)
    left, report = _deduplicated(tmp_path, texts, similarity - 1e-9)
    assert set(range(0, 800, 2)) <= set(left)
    missed = len(left) - 400
    assert report["near"] == 400 - missed
    assert missed <= 8  # 4 expected at most, and twice their standard deviation


def test_real_terms_are_compared_as_by_brute_force(tmp_path: Path, settings: Compose) -> None:
    (source,) = settings().domain.sources
    assert isinstance(source, PackagedSource)
    texts = [document.text for document in read(source, ROOT, []) if len(words(document.text)) > 5][:600]
    left, report = _deduplicated(tmp_path, texts, 0.7)
    grams = [_grams(text) for text in texts]
    near = {(i, j) for (i, a), (j, b) in combinations(enumerate(grams), 2) if len(a & b) >= 0.7 * len(a | b)}
    kept = set(range(len(texts))) - {max(pair) for pair in near}
    assert kept <= set(left)
    assert len(set(left) - kept) <= 0.01 * len(near)
    assert len(near) > 50
    for pair in report["pairs"]:
        first, second = int(pair["first"][1:]), int(pair["second"][1:])
        assert pair["similarity"] == pytest.approx(_index(texts[first], texts[second]), abs=1e-4)


@profile(deadline=None, derandomize=True, database=None, max_examples=25, suppress_health_check=list(HealthCheck))
@given(st.lists(st.text("ab 高血压1-。", max_size=9), max_size=14))
def test_every_copy_is_left_out_and_nothing_that_is_not_near(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str]
) -> None:
    left, report = _deduplicated(tmp_path_factory.mktemp("d"), texts, 0.6)
    assert len({digest(texts[number]) for number in left}) == len(left)
    near = {(i, j) for i, j in combinations(range(len(texts)), 2) if _index(texts[i], texts[j]) >= 0.6}
    joined = {number for pair in near for number in pair}
    copies = {j for i, j in combinations(range(len(texts)), 2) if digest(texts[i]) == digest(texts[j])}
    assert set(range(len(texts))) - set(left) <= joined | copies
    assert report["kept"] + report["exact"] + report["near"] == len(texts)


def test_the_first_of_each_cluster_stays_and_the_pairs_say_why(tmp_path: Path) -> None:
    chained = [f"w{i}" for i in range(40)]
    texts = [
        "Any duly authorised body shall report to the Commission without undue delay.",
        " ".join(chained),
        "any duly authorised  body shall REPORT to the commission without undue delay.",
        " ".join([*chained[4:], "e", "f"]),
        " ".join([*chained[8:], "e", "f", "g", "h", "i"]),  # near the one before it, not near the first
        "Something else altogether.",
    ]
    assert _index(texts[1], texts[4]) < 0.75 < min(_index(texts[1], texts[3]), _index(texts[3], texts[4]))
    left, report = _deduplicated(tmp_path, texts, 0.75)
    assert left == [0, 1, 5]
    pairs = report.pop("pairs")
    assert report == {"similarity": 0.75, "exact": 1, "near": 2, "kept": 3}
    assert sorted((pair["first"], pair["second"]) for pair in pairs) == [("d0", "d2"), ("d1", "d3"), ("d3", "d4")]
    assert pairs[0] == {"first": "d0", "second": "d2", "similarity": 1.0}
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["documents.parquet", "duplicates.jsonl"]


def test_chinese_is_compared_by_characters(tmp_path: Path) -> None:
    edited = [LAW.replace("及时", "定期"), f"{LAW}。", LAW.replace("，", " "), f"{LAW}以及其他材料"]
    left, report = _deduplicated(tmp_path, [LAW, *edited, "从事前款规定的活动，应当依法取得许可"], 0.75)
    assert left == [0, 5]
    assert (report["exact"], report["near"]) == (0, 4)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("HIV (-)", "HIV (+)"),
        ("HbA1c < 7.0%", "HbA1c ≥ 7.0%"),
        ("血压：120/80", "血压：120/90"),
        ("-2", "2"),
        ("...", "!"),
    ],
)
def test_signs_numbers_and_comparators_tell_documents_apart(one: str, other: str, tmp_path: Path) -> None:
    assert _deduplicated(tmp_path, [one, other], 0.8)[0] == [0, 1]


def test_the_same_documents_give_the_same_bytes(tmp_path: Path) -> None:
    texts = [f"{LAW}{number % 40}" for number in range(600)]
    written = []
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        _deduplicated(tmp_path / name, texts, 0.9)
        written.append(store.sha256_tree(tmp_path / name))
    assert written[0] == written[1]


def test_no_documents_and_no_file(tmp_path: Path) -> None:
    left, report = _deduplicated(tmp_path, [], 0.8)
    assert (left, report) == ([], {"similarity": 0.8, "exact": 0, "near": 0, "kept": 0, "pairs": []})
    with pytest.raises(DataError, match=r"no\.parquet does not exist"):
        deduplicate(tmp_path / "no.parquet", tmp_path / "no.parquet", Duplicates(similarity=0.8))
