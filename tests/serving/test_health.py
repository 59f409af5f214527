"""Life and readiness are open to all; the metrics are not, and name nobody."""

import asyncio
from pathlib import Path

from tests.support.serving import Harness, gateway


def test_health_and_readiness(harness: Harness) -> None:
    assert harness.client.get("/health").json() == {"status": "ok", "version": "toy-1-0000000000"}
    assert harness.client.get("/ready").json()["status"] == "ready"


def test_without_a_version_it_lives_and_is_not_ready(tmp_path: Path) -> None:
    with gateway(tmp_path) as harness:
        harness.context.gateway.served.main.current = None
        assert harness.client.get("/health").json() == {"status": "ok", "version": ""}
        for got in (harness.client.get("/ready"), harness.ask()):
            assert (got.status_code, got.json()["error"]["code"]) == (503, "not_ready")


def test_metrics_count_requests_tokens_and_versions(tmp_path: Path) -> None:
    with gateway(tmp_path) as harness:
        harness.ask("a secret of ana", headers=harness.key("user", "ana"))
        harness.ask(max_tokens=0)
        asyncio.run(asyncio.sleep(0.05))
        text = harness.client.get("/metrics", headers=harness.key("admin")).text
    assert 'r1tailor_requests_total{channel="served",decision="answered",what="chat"} 1.0' in text
    assert 'r1tailor_requests_total{channel="served",decision="refused",what="chat"} 1.0' in text
    assert 'r1tailor_tokens_total{version="toy-1-0000000000"} 16.0' in text
    assert 'r1tailor_served{channel="served",version="toy-1-0000000000"} 1.0' in text
    assert "r1tailor_active_requests 0.0" in text
    assert "ana" not in text.replace("channel", "")
