"""Markets as they were known at the time: features, labels, crises, questions."""

from collections.abc import Mapping

from r1tailor.domain.declaration import Declaration
from r1tailor.schema.settings import Settings


class _Finance(Declaration):
    def variants(self, settings: Settings) -> Mapping[str, Settings]:
        """See ``variants.variants``."""
        from r1tailor.domain.finance.variants import variants

        return variants(settings)


DECLARATION = _Finance("finance", (), evaluation="r1tailor.evaluation.market:evaluate")
