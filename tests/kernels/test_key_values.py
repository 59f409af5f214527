"""Slots hold what is written into them, and move."""

import torch

from r1tailor.kernels.key_values import Beginning, LayerShape, Slots, position_bytes

SHAPES = [LayerShape(2, 4, 3), LayerShape(2, 4, 3)]


def test_the_bytes_of_a_position() -> None:
    assert position_bytes(SHAPES, torch.bfloat16) == 2 * 2 * (4 + 3) * 2


def test_what_is_written_is_found_and_moves() -> None:
    slots = Slots(SHAPES, 3, 5, torch.zeros(1))
    key, value = torch.randn(2, 2, 4), torch.randn(2, 2, 3)
    slots.write(1, torch.tensor([0, 2]), torch.tensor([4, 1]), key, value)
    assert torch.equal(slots.keys[1][2, :, 1], key[1])
    assert torch.equal(slots.values[1][0, :, 4], value[0])
    slots.move(2, 1, 2)
    assert torch.equal(slots.keys[1][1, :, 1], key[1])
    larger = Slots(SHAPES, 2, 9, torch.zeros(1))
    larger.take_over(slots, 2)
    assert torch.equal(larger.values[1][0, :, 4], value[0])
    assert not larger.keys[0].any()


def test_a_beginning_keeps_keys_and_values() -> None:
    kept, key, value = Beginning(0, 6), torch.randn(2, 6, 4), torch.randn(2, 6, 3)
    kept.keep(key, value)
    assert torch.equal(kept.keys[0], key)
    assert torch.equal(kept.values[0], value)
