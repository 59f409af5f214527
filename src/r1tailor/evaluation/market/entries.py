"""Values as ``metrics.json`` holds them: with their interval if there is one, null where a value is not defined."""

import math

Entry = dict[str, float | None]


def entry(value: float, bounds: tuple[float, float] | None = None) -> Entry:
    """Return ``value``, and with bounds ``low`` and ``high``; what is not finite becomes None."""
    ends = {} if bounds is None else {"low": bounds[0], "high": bounds[1]}
    return {key: float(v) if math.isfinite(v) else None for key, v in {"value": value, **ends}.items()}
