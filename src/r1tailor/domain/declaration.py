"""What a domain in code says about itself before anything of it is imported: no torch, no numpy, no documents.

A package brings a domain of its own with an entry point of the group ``r1tailor.domains``: its name is the ``kind``,
its value names a ``Declaration``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from r1tailor.schema.settings import Settings


@dataclass(frozen=True, slots=True)
class ScoredMetric:
    """A metric that a domain measures.

    Attributes:
        name: as goals and reports call it.
        kind: ``proportion`` scores every item 0 or 1 (Wilson interval, McNemar test), ``mean`` scores it in [0, 1],
            ``corpus`` is computed over all items at once.
        constant_answer: whether always giving the majority answer is a fair baseline.
        ranked: the metric of the base model that a free answer is also compared with: its most likely label. A base
            model that answers in prose is otherwise judged by its format.
    """

    name: str
    kind: Literal["proportion", "mean", "corpus"]
    constant_answer: bool = False
    ranked: str = ""


@dataclass(frozen=True)
class Declaration:
    """A kind of domain.

    Attributes:
        kind: of the domain, as ``domain.kind`` names it.
        metrics: everything that domains of this kind can measure, next to perplexity and BLEU.
        evaluation: ``module:function`` that adds what only this kind evaluates; empty if there is nothing.
    """

    kind: str
    metrics: tuple[ScoredMetric, ...]
    evaluation: str = ""

    def variants(self, settings: Settings) -> Mapping[str, Settings]:
        """Return the compositions to train next to this one, by name; each changes settings of ``instruct`` onwards.

        Raises:
            ConfigError: a variant that is asked for cannot be trained.
        """
        return {}
