"""A model is opened when it is first asked, once."""

from r1tailor.inference import Answerer
from r1tailor.inference.lazily import Lazily
from r1tailor.records import Example
from tests.support.general import Picking


def test_the_model_is_opened_when_it_is_first_asked() -> None:
    opened: list[str] = []

    def open_() -> Answerer:
        opened.append("opened")
        return Picking(lambda _: "B")  # type: ignore[return-value]

    model = Lazily(open_)
    assert opened == []
    for _ in range(2):
        assert model.rank([Example("e", "", "Which?", "B")], [("A", "B")]) == [(-1.0, 0.0)]
    assert opened == ["opened"]
