"""What may be asked of a teacher."""

import pytest

from r1tailor import config
from r1tailor.errors import ConfigError
from r1tailor.schema.objective import SUPERVISED
from r1tailor.schema.settings import Settings


def test_the_reference_answers_are_the_default_also_of_compositions_that_name_no_objective() -> None:
    composed = config.load([], "config")
    assert composed.objective == SUPERVISED
    older = composed.model_dump(by_alias=True, exclude={"objective"})
    assert "objective" not in older
    assert Settings.model_fields["objective"].default == SUPERVISED


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        (["objective=distillation"], "objective.teacher is required"),
        (
            ["objective=distillation", "objective.teacher=base", "objective.tokens=null"],
            "nothing is asked of the teacher",
        ),
        (
            ["objective=distillation_sequences", "objective.teacher=base", "objective.sequences.temperature=0"],
            "samples = 4 at temperature = 0 would be the same text each time",
        ),
        (["objective=distilation"], "Did you mean distillation"),
        (
            ["objective=distillation", "objective.teacher=base", "objective.tokens.topk=3"],
            "Did you mean objective.tokens.top_k",
        ),
        (["objective=preference", "objective.beta=0"], "objective.beta = 0: must be greater than 0"),
        (["objective=preference", "objective.supervised=-1"], "objective.supervised = -1: must be greater than or"),
        (["objective=preference", "domain.task.kind=text"], "has no answers; it takes supervised"),
        (["model.layers=1"], "model.layers = 1: must be greater than or equal to 2"),
    ],
)
def test_what_cannot_be_asked_is_refused_in_the_users_words(overrides: list[str], said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        config.load(overrides, "config")
    assert said in str(caught.value)
