"""Examples become ordered batches: tokens, the order of the optimizer steps, packed micro-batches."""

from r1tailor.curriculum.difficulty import Material
from r1tailor.curriculum.step_schedule import Course, course

__all__ = ["Course", "Material", "course"]
