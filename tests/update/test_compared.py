"""Groups of held-out items: harm to one of them is seen where the whole set is not worse."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

from r1tailor.records import Example, Prediction
from r1tailor.registry.goals import CHAMPION
from r1tailor.update.compared import CANDIDATE, each_group

DOMAIN: Any = SimpleNamespace(vote=lambda _item, answer: answer)
SETTINGS: Any = SimpleNamespace(domain=SimpleNamespace(goals=()))
ITEMS = [
    Example(f"i{n}", "", f"q{n}", "sun" if n % 4 else "dog", fields={"ward": f"w{n // 50}", "pet": "yn"[n % 4 > 0]})
    for n in range(200)
]


def _gate(wrong: set[str], items: list[Example] = ITEMS) -> Any:  # noqa: ANN401
    def said(item: Example, right: bool) -> Prediction:
        made = Prediction(item.id, "", 0.0, 1, "")
        return replace(made, scores={"accuracy": float(right)})

    made = {
        CHAMPION: {item.id: said(item, True) for item in items},
        CANDIDATE: {item.id: said(item, item.id not in wrong) for item in items},
    }
    return each_group(SETTINGS, DOMAIN, items, made, 1)


def test_the_harmed_group_is_named() -> None:
    fine = _gate(set())
    assert (fine.passed, fine.why) == (True, "6 sets, none harmed"), "pet and answer are the same two groups"
    dogs = [item.id for item in ITEMS if item.output == "dog"]
    harmed = _gate(set(dogs[::5]))
    assert (harmed.passed, harmed.harmed) == (False, True)
    assert harmed.why == "harm on answer = dog"
    ward = _gate({item.id for item in ITEMS[100:110] if item.output == "sun"})
    assert ward.passed is False
    assert "ward = w2" in ward.why


def test_groups_of_few_items_and_the_whole_set_are_not_groups() -> None:
    assert _gate({"i1"}, ITEMS[:19]).passed is None
    alike = [replace(item, output="sun", fields={}) for item in ITEMS]
    assert _gate({item.id for item in ITEMS[:50]}, alike).why == "no group has 20 items"
