"""What the routes of a gateway share."""

from dataclasses import dataclass
from pathlib import Path

from r1tailor.schema.serving import Serving
from r1tailor.schema.settings import Settings
from r1tailor.serving.access import Access
from r1tailor.serving.audit import Audit, treatment
from r1tailor.serving.gateway import Gateway
from r1tailor.serving.keys import Keys
from r1tailor.serving.limits import Limiter
from r1tailor.serving.metrics import Metrics
from r1tailor.serving.served import Served
from r1tailor.serving.sessions import Sessions, secret_of


@dataclass(frozen=True)
class Context:
    """What routes share.

    Attributes:
        composition: of this project; its domain says what becomes of texts that are kept.
        root: the project's root.
        folder: ``serving.folder``, for what is kept.
        access: who a request comes from; its wrappers ``api`` and ``page`` go around every handler.
        audit: the audit log.
        gateway: asks the served version.
        metrics: what Prometheus reads.
    """

    composition: Settings
    root: Path
    folder: Path
    access: Access
    audit: Audit
    gateway: Gateway
    metrics: Metrics

    @property
    def settings(self) -> Serving:
        """The section ``serving``."""
        return self.composition.serving


def open_context(composition: Settings, root: Path, served: Served) -> Context:
    """Return what the routes of a gateway share.

    Args:
        composition: of this project.
        root: its root.
        served: the version at work.

    Raises:
        ConfigError: texts are to be kept of a domain with privacy, and its secret key is missing.
    """
    settings = composition.serving
    folder = root / settings.folder
    sessions = Sessions(secret_of(folder), settings.session_hours)
    secure = settings.tls.certificate is not None or settings.tls.proxy is not None
    treat = treatment(composition.domain.cleaning.privacy, root) if settings.audit.text else None
    audit, metrics = Audit(folder, sessions, treat), Metrics()
    gateway = Gateway(settings, served, Limiter(settings.limits), audit, metrics, sessions)
    return Context(composition, root, folder, Access(Keys(folder), sessions, secure), audit, gateway, metrics)
