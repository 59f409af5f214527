"""Records say what follows from them: what is asked as one text, every answer of a prediction, rejections in lines."""

from r1tailor.records import Example, Prediction, Rejection, Sample, Turn, grouped


def test_what_is_asked_holds_the_turns_before_it_without_the_system_turn() -> None:
    turns = (Turn("system", "Be brief."), Turn("user", "a"), Turn("assistant", "b"))
    assert Example("e", "Name it.", "c", "d", turns=turns).asked == "a\n\nb\n\nc"
    assert Example("e", "Name it.", "", "d").asked == ""


def test_each_drawn_answer_is_a_prediction_of_its_own() -> None:
    several = Prediction("p", "x", -1.5, 3, "", samples=(Sample("y", 2, "answer"),))
    first, second = several.drawn
    assert (first.generated, first.samples) == ("x", ())
    assert (second.generated, second.reasoning_tokens, second.truncated) == ("y", 2, "answer")
    assert second.log_likelihood == -1.5


def test_rejections_of_one_kind_are_one_line() -> None:
    found = [Rejection("s", "a.csv", f"line {n}", "no date") for n in range(2, 7)] + [
        Rejection("s", "b.csv", "", "empty")
    ]
    assert grouped(found, places=2) == ["a.csv: no date: 5 times, at line 2, line 3, ...", "b.csv: empty"]
