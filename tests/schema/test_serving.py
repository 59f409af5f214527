"""How a version is served: nothing travels in the clear, nothing contradicts itself."""

import pytest

from r1tailor import config
from r1tailor.errors import ConfigError

REFUSED = {
    "serving.host=0.0.0.0": "host = 0.0.0.0 can be reached from other machines: give tls.certificate",
    "serving.host=evil.org": "must be an IP address such as 127.0.0.1 or 0.0.0.0, or localhost",
    "serving.port=70000": "serving.port = 70000",
    "serving.tls.certificate=cert.pem": "certificate and key are given together, or neither of them",
    "serving.names=[]": "serving.names",
    "serving.names=['a b']": "serving.names",
    "serving.engine.backend=endpoint": "endpoint belongs to backend = endpoint, which needs it",
    "serving.engine.backend=vllm": "must be one of auto, gguf, local, endpoint",
    "serving.engine.bakend=local": "Did you mean serving.engine.backend?",
    "serving.limits.concurrent=0": "serving.limits.concurrent = 0",
    "serving.channels.canary_share=1.1": "serving.channels.canary_share = 1.1",
}


@pytest.mark.parametrize("override", REFUSED)
def test_a_faulty_setting_is_refused(override: str) -> None:
    with pytest.raises(ConfigError) as caught:
        config.load([override])
    assert REFUSED[override] in str(caught.value)


@pytest.mark.parametrize(
    "url", ["ftp://a/v1", "http://", "http://me:pw@a/v1", "http://a/v1?key=x", "http://a b/v1", "a/v1"]
)
def test_a_url_holds_no_secret(url: str) -> None:
    with pytest.raises(ConfigError, match=r"serving\.engine\.endpoint\.url") as caught:
        config.load(["serving=endpoint", f"serving.engine.endpoint.url='{url}'"])
    assert "must be a URL such as https://models.example.org/v1" in str(caught.value)


@pytest.mark.parametrize(
    "given",
    [
        ("serving.host=::1",),
        ("serving.host=localhost",),
        ("serving.host=127.0.0.5",),
        ("serving.host=0.0.0.0", "serving.tls.proxy=10.0.0.5"),
        ("serving.host=10.0.0.4", "serving.tls.certificate=c.pem", "serving.tls.key=k.pem"),
    ],
)
def test_loopback_needs_nothing_and_others_a_certificate_or_a_proxy(given: tuple[str, ...]) -> None:
    serving = config.load(list(given)).serving
    assert serving.is_loopback == (len(given) == 1)
