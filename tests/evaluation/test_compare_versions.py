"""Two versions or runs: what differs in their settings, and their metrics on the same held-out items."""

from dataclasses import replace
from pathlib import Path

import pytest
from sklearn.metrics import f1_score

from r1tailor import store
from r1tailor.errors import UserError
from r1tailor.evaluation.compare_versions import ABSENT, Compared, as_json, compared, differing, evaluated
from r1tailor.evaluation.evaluated_files import find
from r1tailor.registry import Registry
from tests.support.evaluated import ITEMS, write_run

HALF = [i % 2 == 0 for i in range(30)]
MOST = [i % 10 != 0 for i in range(30)]
ENTRY = {"value": 0.0, "low": 0.0, "high": 0.0}
GOAL = {"metric": "label_accuracy", "at_least": 0.8, "why": "needed"}


def _compared(root: Path) -> Compared:
    registry = Registry(root / "outputs" / "registry")
    return compared(*(evaluated(find(f"./{name}", registry, root)) for name in ("a", "b")))


def test_metrics_are_paired_on_the_same_items(tmp_path: Path) -> None:
    write_run(tmp_path / "a", HALF, "trainer.max_steps=7", goals=[GOAL])
    write_run(tmp_path / "b", MOST, "trainer.max_steps=9", goals=[GOAL])
    found = _compared(tmp_path)
    assert found.settings == [("trainer.max_steps", "7", "9")]
    assert (found.items, found.why_not) == (30, "")
    rows = {row.metric: row for row in found.rows}
    accuracy = rows["label_accuracy"]
    assert (accuracy.a, accuracy.b, accuracy.n) == (0.5, 0.9, 30)
    difference = accuracy.difference
    assert difference is not None
    assert difference["difference"] == pytest.approx(0.4)
    assert difference["low"] > 0
    # McNemar: B alone is right on 15 - 0 = 15 items, A alone on those of MOST's misses that HALF has: 0, 10, 20
    assert difference["p"] == pytest.approx(2 * sum(_choose(18, k) for k in range(4)) / 2**18)
    assert rows["perplexity"].n == 30
    assert [verdict.met for one in (found.a, found.b) for verdict in one.goals] == [False, True]


def _choose(n: int, k: int) -> int:
    return 1 if k == 0 else _choose(n, k - 1) * (n - k + 1) // k


def test_only_the_items_that_both_answered_and_that_are_the_same_are_paired(tmp_path: Path) -> None:
    others = [*ITEMS[:20], *(replace(item, output="violet") for item in ITEMS[20:25]), replace(ITEMS[25], id="new")]
    write_run(tmp_path / "a", HALF)
    write_run(tmp_path / "b", [True] * 26, items=others)
    found = _compared(tmp_path)
    assert found.items == 20
    (accuracy,) = [row for row in found.rows if row.metric == "label_accuracy"]
    assert (accuracy.a, accuracy.b, accuracy.n) == (0.5, 1.0, 20)


def test_what_cannot_be_paired_says_why(tmp_path: Path) -> None:
    write_run(tmp_path / "a", HALF)
    write_run(tmp_path / "b", HALF, items=[replace(item, id=f"other {item.id}") for item in ITEMS])
    found = _compared(tmp_path)
    assert found.items == 0
    assert found.why_not.startswith("no held-out item is the same in both (id, input and reference answer)")
    (row,) = found.rows
    assert (row.metric, row.a, row.b, row.n, row.difference) == ("label_accuracy", 0.5, 0.5, None, None)


def test_predictions_of_an_earlier_release_pair_what_they_can(tmp_path: Path) -> None:
    write_run(tmp_path / "a", HALF, scored=False)
    write_run(tmp_path / "b", MOST)
    found = _compared(tmp_path)
    assert {row.metric: row.n for row in found.rows} == {"perplexity": 30, "bleu": 30, "label_accuracy": None}
    assert found.why_not == (
        "the predictions of a hold no scores per item (evaluated by an earlier release): "
        "evaluate again to pair label_accuracy"
    )
    (tmp_path / "a" / "evaluation" / "predictions-tuned.jsonl").unlink()
    assert _compared(tmp_path).why_not.startswith("a holds no predictions or no test examples")


def test_scores_between_0_and_1_are_no_proportion(tmp_path: Path) -> None:
    for name, shift in (("a", 0.25), ("b", 0.5)):
        file = write_run(tmp_path / name, [True] * 30) / "evaluation" / "predictions-tuned.jsonl"
        file.write_text(file.read_text().replace('"label_accuracy": 1.0', f'"label_accuracy": {shift}'))
    (accuracy,) = [row for row in _compared(tmp_path).rows if row.metric == "label_accuracy"]
    assert (accuracy.a, accuracy.b) == (0.25, 0.5)


def test_settings_that_only_one_composition_has_are_named() -> None:
    a = {"model": {"name": "x"}, "sources": [{"kind": "jsonl", "path": "a"}], "output": "here", "labels": ["r", "g"]}
    b = {"model": {"name": "x", "dtype": None}, "sources": [{"kind": "jsonl", "path": "b"}], "labels": ["r"]}
    assert differing(a, b) == [
        ("sources.0.path", "a", "b"),
        ("labels", "['r', 'g']", "['r']"),
        ("model.dtype", ABSENT, "null"),
    ]


def test_scripts_read_plain_values(tmp_path: Path) -> None:
    write_run(tmp_path / "a", HALF, goals=[GOAL])
    write_run(tmp_path / "b", HALF, items=[replace(item, id=f"other {item.id}") for item in ITEMS])
    found = as_json(_compared(tmp_path))
    assert found["a"]["goals"] == [{"goal": "label_accuracy 0.500, goal >= 0.8: missed", "met": False}]
    assert found["metrics"] == [
        {
            "metric": "label_accuracy",
            "a": 0.5,
            "b": 0.5,
            "n": None,
            "difference": None,
            "low": None,
            "high": None,
            "p": None,
        }
    ]
    assert found["not_paired"].startswith("no held-out item")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("seed: 1\n", r"config\.yaml: domain\.goals is missing: it is no composition of a finished run"),
        ("- 1\n", "a mapping is expected"),
        ("{", r"config\.yaml"),
    ],
)
def test_a_composition_that_is_none_is_one_error(tmp_path: Path, text: str, message: str) -> None:
    for name in ("a", "b"):
        write_run(tmp_path / name, HALF)
    (tmp_path / "b" / "config.yaml").write_text(text)
    with pytest.raises(UserError, match=message):
        _compared(tmp_path)


def test_chrf_and_macro_f1_are_paired_too(tmp_path: Path) -> None:
    named = "+domain.task.metrics=[{name: chrf, called: likeness},macro_f1]"
    task = ("domain=generic", "domain.sources.0.path=x", "domain.task.labels=[red,green,blue]", named)
    for name, right in (("a", HALF), ("b", MOST)):
        write_run(tmp_path / name, right, *task)
        file = tmp_path / name / "evaluation" / "metrics.json"
        values = store.read_json(file)
        values["models"]["tuned"] |= {"likeness": ENTRY, "macro_f1": ENTRY}
        store.write_json(file, values)
    rows = {row.metric: row for row in _compared(tmp_path).rows}
    for name in ("likeness", "macro_f1"):
        assert rows[name].n == 30
        assert rows[name].difference is not None
        assert rows[name].difference["low"] > 0
    given = [i % 3 if hit else 3 for i, hit in enumerate(MOST)]
    wanted = f1_score([i % 3 for i in range(30)], given, average="macro", labels=[0, 1, 2])
    assert rows["macro_f1"].b == pytest.approx(wanted)


def test_answers_of_one_conversation_are_drawn_together(tmp_path: Path) -> None:
    for name, right in (("a", [False] * 30), ("b", [i < 15 for i in range(30)])):
        told = [replace(item, conversation=str(number // 5)) for number, item in enumerate(ITEMS)]
        write_run(tmp_path / name, right, items=told)
    (accuracy,) = [row for row in _compared(tmp_path).rows if row.metric == "label_accuracy"]
    assert accuracy.difference is not None
    assert accuracy.difference["p"] > 0.1, "three conversations of six, not fifteen answers of thirty"
