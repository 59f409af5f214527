"""Prompts become packed rows; each token goes where it is kept."""

import torch

from r1tailor.batching.tokens import TokenizedExample
from r1tailor.inference.prefill import Part, rows
from r1tailor.kernels.key_values import Beginning, LayerShape, Slots

SLOTS = Slots([LayerShape(1, 2, 2)], 8, 32, torch.zeros(1))


def part(tokens: tuple[int, ...], into: Beginning | int, start: int = 0, *context: Beginning) -> Part:
    return Part(TokenizedExample("p", tokens, ()), start, context, into)


def test_every_token_of_a_prompt_goes_to_its_slot_in_order() -> None:
    common = tuple(range(100, 130))
    asked = [(*common, 1, 2), (*common, 3), (7, 8, 9)]
    (row,) = rows([part(tokens, slot) for slot, tokens in enumerate(asked)], SLOTS, 500, 0)
    ids = row.batch.input_ids[0]
    for slot, tokens in enumerate(asked):
        mine = row.reading.rows == slot
        assert tuple(ids[row.reading.sources[mine]].tolist()) == tokens
        assert row.reading.places[mine].tolist() == list(range(len(tokens)))
        assert ids[row.last[row.slots.index(slot)]] == tokens[-1]
    assert len(ids) < sum(map(len, asked)), "what is shared is read once"


def test_positions_continue_after_what_is_kept() -> None:
    kept = Beginning(0, 50)
    (row,) = rows([part((1, 2, 3), 0, 50, kept), part((4, 5), 1)], SLOTS, 500, 0)
    found = dict(zip(row.batch.input_ids[0].tolist(), row.batch.position_ids[0].tolist(), strict=True))
    assert [found[token] for token in (1, 2, 3, 4, 5)] == [50, 51, 52, 0, 1]
    assert [piece.context for piece in row.reading.pieces] == [(), (kept,)]


def test_rows_keep_to_their_budget() -> None:
    asked = [part(tuple(range(n, n + 20)), slot) for slot, n in enumerate(range(0, 160, 20))]
    made = list(rows(asked, SLOTS, 64, 0))
    assert all(sum(piece.length for piece in row.reading.pieces) <= 64 for row in made)
    assert sorted(slot for row in made for slot in row.slots) == list(range(8))


def test_a_beginning_is_kept_whole() -> None:
    into = Beginning(0, 4)
    (row,) = rows([part((5, 6, 7, 8), into)], SLOTS, 64, 0)
    ((kept, places),) = row.reading.pieces[0].keeps
    assert kept is into
    assert row.batch.input_ids[0, places].tolist() == [5, 6, 7, 8]
    assert not row.slots
