"""What tests of several domains open: education over generated problems."""

from collections.abc import Callable

import pytest

from r1tailor import config, sources
from r1tailor.domain import open_domain
from r1tailor.domain.education import Education
from r1tailor.records import Document
from r1tailor.schema.settings import Settings
from tests.conftest import ROOT

TASKS = [f"{{name: {task}, levels: [0, 1, 2], size: 60}}" for task in ("chain_sum", "gcd", "prime_factorization")]
TASKS += [f"{{name: {task}, levels: [0], size: 120}}" for task in ("simple_equations", "gsm_symbolic")]


@pytest.fixture(scope="module")
def generated() -> list[Document]:
    composed = config.load(["domain=education", f"domain.sources.0.tasks=[{', '.join(TASKS)}]"])
    return list(sources.read(composed.domain.sources[0], ROOT, []))


@pytest.fixture
def education(settings: Callable[..., Settings], generated: list[Document]) -> Education:
    domain = open_domain(settings("domain=education").domain, generated)
    assert isinstance(domain, Education)
    return domain
