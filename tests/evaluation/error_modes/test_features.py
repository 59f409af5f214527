"""Columns are learnt on some items and hold for any text."""

from r1tailor.evaluation.error_modes.features import NONE, OTHER, Described, learn

ITEMS = [
    Described(
        f"ward: {'icu' if n % 3 == 0 else 'er'}\nid: x{n}\n{'no fever' if n % 2 else 'fever'}{' and more' * (n % 5)}",
        answer="yes" if n % 4 else "no",
        source="a" if n < 20 else "b",
        truncated="no",
        fields={"sex": "f" if n < 20 else "m", "task": "triage", "entities": ["x"]},
        disagreement=0.5 if n % 7 == 0 else 0.0,
    )
    for n in range(40)
]


def columns(item: Described, against: tuple[str, ...] = ()) -> dict[str, str | None]:
    return learn(ITEMS, ["fever and more ward icu"], against, 4).columns(item)


def test_an_item_has_a_value_in_every_column() -> None:
    found = columns(ITEMS[0])
    assert found["field ward"] == "icu"
    assert found["source"] == "a"
    assert found["class"] == "no"
    assert found["length"] == "short"
    assert found["negation"] == "no"
    assert found["disagreement"] == "yes"
    assert columns(ITEMS[1])["negation"] == "yes"


def test_columns_that_tell_nothing_are_left_out() -> None:
    found = columns(ITEMS[0])
    assert "task" not in found, "all items have one task"
    assert "truncated" not in found
    assert "field sex" not in found, "it divides the items as the source does"
    assert "field id" not in found, "every item has an id, and each another"


def test_a_field_with_many_values_tells_whether_it_has_one() -> None:
    items = [Described(f"note: {'' if n % 2 else f'text {n}'}\nend") for n in range(80)]
    features = learn(items, [], (), 4)
    assert features.columns(Described("note: anything"))["field note"] == "(filled)"
    assert features.columns(Described("note:\nend"))["field note"] == NONE
    assert features.columns(Described("end"))["field note"] == NONE


def test_rare_values_are_one() -> None:
    items = [Described(f"ward: {'icu' if n % 2 else 'er' if n % 5 else f'w{n}'}") for n in range(40)]
    features = learn(items, [], (), 6)
    assert features.columns(Described("ward: w10"))["field ward"] == OTHER
    assert features.columns(Described("ward: nowhere"))["field ward"] == OTHER
    assert features.columns(Described("ward: icu"))["field ward"] == "icu"


def test_segments_that_speak_for_errors_are_looked_for_in_every_text() -> None:
    found = columns(ITEMS[3], ("and more", " And  more, ", "", "nothing has this"))
    assert found["mentions 'and more'"] == "yes"
    assert columns(ITEMS[5], ("and more",))["mentions 'and more'"] == "no"
    assert "mentions 'nothing has this'" not in found, "no item holds it"


def test_rare_words_are_those_that_training_does_not_have() -> None:
    items = [Described(text) for text in ["fever and more"] * 10 + ["zygote quark and more"] * 5 + ["zygote quark"] * 5]
    features = learn(items, ["fever and more"], (), 4)
    values = [features.columns(item)["rare words"] for item in (items[0], items[10], items[-1])]
    assert len(set(values)) > 1
    assert values[0] == "few"
    chinese = [Described(text) for text in ["患者发热"] * 10 + ["患者咯血"] * 10]
    learnt = learn(chinese, ["患者发热三天"], (), 4)
    assert learnt.columns(chinese[0])["rare words"] != learnt.columns(chinese[-1])["rare words"]


def test_what_is_not_known_of_a_document_is_none() -> None:
    found = columns(Described("ward: icu\nfever", source="a"))
    assert found["class"] is None
    assert found["disagreement"] is None
    assert found["field ward"] == "icu"


def test_no_items_have_no_columns() -> None:
    assert learn([], [], (), 4).columns(Described("text")) == {}
