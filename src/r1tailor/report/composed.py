"""The settings of a run that differ from those that ship."""

from r1tailor import config
from r1tailor.errors import ConfigError
from r1tailor.evaluation.compare_versions import differing
from r1tailor.schema.settings import Settings

_PRIMARY = "config"  # the composition that ships


def changed(settings: Settings) -> tuple[str, list[tuple[str, str, str]]]:
    """Return with what a run is compared, and (key, value there, value here) of each setting that differs.

    It is compared with its own domain as ``conf/`` has it, and with the shipped composition where no file has it.
    """
    own = settings.domain.name
    for overrides in ([f"domain={own}"], []):
        try:
            shipped = config.load(overrides, _PRIMARY)
        except ConfigError:
            continue
        plain = [one.model_dump(mode="json", by_alias=True) for one in (shipped, settings)]
        if not overrides:
            for one in plain:
                one.pop("domain")
        return " ".join(["config", *overrides]), differing(*plain)
    return "", []
