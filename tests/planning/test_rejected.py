"""What becomes of rejected answers is said before training."""

from r1tailor import config
from r1tailor.planning.rejected import told
from tests.support.taught import example


def test_what_becomes_of_rejected_answers_is_said() -> None:
    given = [example("a", rejected="green"), example("b")]
    plain, alone = config.load([]), config.load(["objective=preference", "objective.supervised=0"])
    assert "which objective.kind = supervised does not read; objective=preference does" in told(plain, given)[0]
    assert told(alone, given)[0].endswith("the other 1 teach nothing (objective.supervised = 0)")
    assert told(plain, given[1:]) == []
