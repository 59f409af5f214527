"""What a phase trains on and is validated by."""

from r1tailor import config
from r1tailor.records import Example
from r1tailor.training.phase_data import held_out_of
from tests.support.phases import OPTIONS, settings_of


def test_held_out_examples_of_several_phases_come_from_everywhere() -> None:
    made = [Example(f"e{i:02}", "", "", "x") for i in range(96)]
    chosen = held_out_of(settings_of(), made)
    assert [example.id for example in chosen] == sorted({example.id for example in chosen})
    assert len(chosen) == 12
    assert {int(example.id[1:]) % 4 for example in chosen} == {0, 1, 2, 3}
    assert held_out_of(settings_of("seed=9"), made) == chosen, "the same in every run"
    assert held_out_of(config.load([*OPTIONS, "curriculum=shuffled"]), made) == made[:12]
