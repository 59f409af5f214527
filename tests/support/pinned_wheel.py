"""A wheel that stands in for the package index."""

from collections.abc import Callable

from r1tailor.schema.sources import PackagedSource

MEMBER = b"<raw>material</raw>"
Source = Callable[..., PackagedSource]
