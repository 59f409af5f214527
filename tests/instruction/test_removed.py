"""What was removed is a table with its reasons, and one line."""

from r1tailor.instruction.removed import in_words, removed


def test_each_reason_is_a_row_with_its_count_and_first_ids() -> None:
    leak = {"train": "a", "held_out": "t", "part": "test", "field": "input", "verbatim": True, "containment": 1.0}
    near = leak | {"train": "b", "field": "output", "verbatim": False}
    rows = removed(2, {"embargo": [f"e{i}" for i in range(7)]}, [leak, near], {"train": 1, "validation": 2})
    assert [(row["examples"], row["ids"]) for row in rows] == [
        (2, []),
        (7, ["e0", "e1", "e2", "e3", "e4"]),
        (1, ["a"]),
        (1, ["b"]),
        (3, []),
    ]
    assert in_words(rows) == (
        "removed 14 examples: 2 exact duplicates of an earlier example; 7 too shortly before a boundary, or with an "
        "answer that was not known by then; 1 in train, repeat the question of a held-out example; 1 in train, repeat "
        "with slight changes the answer of a held-out example; 3 may be evaluated on only (permissions.use)"
    )


def test_nothing_removed_is_no_row() -> None:
    assert removed(0, {}, [], {}) == []
    assert in_words([]) == "removed no example"
