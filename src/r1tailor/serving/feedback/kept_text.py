"""What becomes of a text before it is kept: in a domain with privacy, its identifiers are taken out first."""

from pathlib import Path

from r1tailor.errors import ConfigError
from r1tailor.schema.corpus import Privacy
from r1tailor.serving.audit import Treat, treatment
from r1tailor.serving.refusals import Refused


def keeping(privacy: Privacy | None, root: Path) -> Treat:
    """Return what treats a text that is to be kept.

    Without the secret key of a domain with privacy, the returned function refuses every text with 503: the gateway
    answers questions all the same.
    """
    try:
        return treatment(privacy, root)
    except ConfigError as error:
        why = "; ".join(error.faults)

    def refuse(text: str) -> str:
        if not text:
            return text
        raise Refused(503, f"nothing is kept: {why}", code="no_privacy_key")

    return refuse
