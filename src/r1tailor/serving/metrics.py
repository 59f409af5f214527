"""What Prometheus reads: counts, times, which version is at work. Nothing of a prompt or a user is in a label."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

_SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300)


class Metrics:
    """The metrics of one gateway, in a registry of their own."""

    def __init__(self) -> None:
        self._registry = registry = CollectorRegistry()
        self.requests = Counter(
            "r1tailor_requests", "Requests by kind, decision and channel.", ["what", "decision", "channel"],
            registry=registry,
        )  # fmt: skip
        self.tokens = Counter("r1tailor_tokens", "Tokens written.", ["version"], registry=registry)
        self.seconds = Histogram(
            "r1tailor_answer_seconds", "From the request to the end of its answer.", registry=registry, buckets=_SECONDS
        )
        self.first = Histogram(
            "r1tailor_first_piece_seconds", "From the request to the first piece.", registry=registry, buckets=_SECONDS
        )
        self.active = Gauge("r1tailor_active_requests", "Requests that are answered or wait.", registry=registry)
        self.served = Gauge("r1tailor_served", "1 for the version at work.", ["version", "channel"], registry=registry)
        self.switches = Counter("r1tailor_switches", "Switches to another version.", ["channel"], registry=registry)
        self.failures = Counter(
            "r1tailor_load_failures", "Versions that could not be loaded.", ["channel"], registry=registry
        )
        self.dropped = Counter("r1tailor_shadow_dropped", "Asks that the shadow had no time for.", registry=registry)

    def text(self) -> bytes:
        """Return all of them as Prometheus reads them."""
        return generate_latest(self._registry)
