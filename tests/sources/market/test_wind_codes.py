"""The error codes of the Wind terminal: each is the error that fits."""

import pytest

from r1tailor.errors import (
    FeedAccessError,
    FeedError,
    FeedLoginError,
    FeedQuotaError,
    FeedRequestError,
)
from tests.support.wind_feeds import bars_of, wind_feed

PERMANENT = {
    -40520004: FeedLoginError,
    -40520013: FeedLoginError,
    -40520014: FeedLoginError,
    -40520015: FeedLoginError,
    -40520005: FeedAccessError,
    -40522015: FeedAccessError,
    -40522017: FeedQuotaError,
    -40520010: FeedRequestError,
    -40521009: FeedRequestError,
    -40522003: FeedRequestError,
    -40522004: FeedRequestError,
    -40522005: FeedRequestError,
    -40522006: FeedRequestError,
    -40522007: FeedRequestError,
    -40522009: FeedRequestError,
    -40522010: FeedRequestError,
    -40522018: FeedRequestError,
    -40520006: FeedError,
    -1: FeedError,
}


@pytest.mark.parametrize(("code", "kind"), PERMANENT.items())
def test_a_code_that_does_not_pass_is_the_error_that_fits_at_once(code: int, kind: type[FeedError]) -> None:
    feed, wind, _ = wind_feed()
    wind.faults = [0, code]  # the names are known, the first page fails
    with pytest.raises(FeedError) as refusal:
        bars_of(feed)
    assert type(refusal.value) is kind
    assert str(refusal.value).startswith(
        "wsd of SPX.GI,AAPL.O, 2008-09-01 to 2008-09-30 (domain.sources, name: prices)"
    )
    assert f"error {code} (" in str(refusal.value)
    assert f"which says 'CWSDService: failed with {code}.'; " in str(refusal.value)
    assert [name for name, *_ in wind.calls] == ["start", "wss", "wsd"]
