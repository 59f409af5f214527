"""Candidates in channels: which version ``@shadow`` and ``@canary`` mean."""

import pytest

from r1tailor.errors import RegistryError
from r1tailor.registry.channels import candidate, withdrawn
from tests.support.versions import Shop


def test_a_candidate_is_in_one_channel_until_it_is_promoted_refused_or_withdrawn() -> None:
    tried = [{"action": "promote", "version": "a"}, {"action": "shadow", "version": "b"}]
    assert candidate(tried) == {"shadow": "b"}
    assert candidate([*tried, {"action": "canary", "version": "b"}]) == {"canary": "b"}
    for action, version in (("promote", "b"), ("rollback", "a"), ("refuse", "b"), ("withdraw", "b")):
        assert candidate([*tried, {"action": action, "version": version}]) == {}
    other = [*tried, {"action": "withdraw", "version": "a", "reason": "asked"}]
    assert candidate(other) == {"shadow": "b"}
    assert withdrawn(other) == {"a": "asked"}


def test_a_channel_means_the_candidate_and_else_the_promoted_version(shop: Shop) -> None:
    first, second = shop.register("one"), shop.register("two")
    with pytest.raises(RegistryError, match="no version of toy is promoted"):
        shop.registry.resolve("toy@canary")
    shop.registry.promote(first.id)
    assert shop.registry.resolve("toy@canary") == (first, None)
    shop.registry.put_in_channel(second.id, "shadow", "proven", {"accuracy": 0.5})
    assert shop.registry.resolve("toy@shadow") == (second, None)
    assert shop.registry.resolve("toy@canary") == (first, None)
    assert shop.registry.current("toy") == first.id
    assert shop.registry.history("toy")[-1]["numbers"] == {"accuracy": 0.5}
    shop.registry.put_in_channel(second.id, "canary", "1,000 requests in shadow")
    assert shop.registry.resolve("toy@canary") == (second, None)
    assert shop.registry.resolve("toy@shadow") == (first, None)
    shop.registry.refuse(second.id, "it is slower")
    assert shop.registry.resolve("toy@canary") == (first, None)
