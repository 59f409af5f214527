"""Which examples are trained on when: difficulty, phases, and the order of the optimizer steps."""

from r1tailor.curriculum.difficulty import Material
from r1tailor.curriculum.step_schedule import Course, course

__all__ = ["Course", "Material", "course"]
