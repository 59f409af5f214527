"""Each gateway counts for itself."""

from r1tailor.serving.metrics import Metrics


def test_two_gateways_in_a_process_count_apart() -> None:
    first, second = Metrics(), Metrics()
    first.requests.labels("chat", "answered", "served").inc()
    assert b'r1tailor_requests_total{channel="served",decision="answered",what="chat"} 1.0' in first.text()
    assert b'decision="answered"' not in second.text()
