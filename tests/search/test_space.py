"""What an override draws from."""

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser

from r1tailor.errors import ConfigError

optuna = pytest.importorskip("optuna", reason="the extra search is not installed")

from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution  # noqa: E402

from r1tailor.search import space  # noqa: E402


@pytest.mark.parametrize(
    ("value", "drawn"),
    [
        ("tag(log,interval(1e-5,1e-3))", FloatDistribution(1e-5, 1e-3, log=True)),
        ("interval(0,1)", FloatDistribution(0.0, 1.0)),
        ("int(interval(4,64))", IntDistribution(4, 64)),
        ("tag(log,int(interval(4,64)))", IntDistribution(4, 64, log=True)),
        ("range(1,9,2)", IntDistribution(1, 7, step=2)),
        ("range(1,8,2)", IntDistribution(1, 7, step=2)),
        ("range(0.1,0.5,0.1)", FloatDistribution(0.1, 0.4, step=0.1)),
        ("lora,full", CategoricalDistribution(["lora", "full"])),
        ("choice(8,16)", CategoricalDistribution(["8", "16"])),
    ],
)
def test_hydras_grammar_as_optunas_distributions(value: str, drawn: object) -> None:
    found = space.distribution(OverridesParser.create().parse_override(f"++key={value}"))
    assert repr(found) == repr(drawn) or str(found).startswith("FloatDistribution(high=0.4")


@pytest.mark.parametrize("value", ["range(5,1)", "tag(log,interval(0,1))", "interval(2,1)"])
def test_what_holds_no_value_is_refused_with_the_override(value: str) -> None:
    with pytest.raises(ConfigError, match="key="):
        space.distribution(OverridesParser.create().parse_override(f"++key={value}"))


def test_fixed_overrides_are_told_from_drawn_ones() -> None:
    parsed = OverridesParser.create().parse_overrides(["domain=legal", "++seed=3", "++trainer.batch_size=8,16"])
    fixed, drawn = space.divided(parsed)
    assert fixed == ["domain=legal", "++seed=3"]
    assert list(drawn) == ["++trainer.batch_size"]
    with pytest.raises(ConfigError, match="a search needs something to search"):
        space.divided(parsed[:2])
