"""The section: nothing is asked by default, names are closed lists."""

import pytest

from r1tailor import config
from r1tailor.errors import ConfigError
from r1tailor.schema.redteam import FAMILIES, REDTEAM_METRICS, Redteam


def test_nothing_is_asked_by_default() -> None:
    assert config.load([]).redteam == Redteam()
    assert not Redteam().attacks
    assert Redteam().metrics == ()


def test_the_standard_asks_the_cases_of_the_domain() -> None:
    standard = config.load(["redteam=standard"]).redteam
    assert standard.attacks
    assert standard.cases is None
    assert standard.metrics == REDTEAM_METRICS
    assert len(FAMILIES) >= 12


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("redteam.cases=[medical_fr]", r"redteam\.cases\.0 = .medical_fr.: must be one of"),
        ("redteam.transforms=[rot13]", r"redteam\.transforms\.0 = .rot13.: must be one of"),
        ("redteam.bank.path=", r"redteam\.bank\.path"),
        ("redteam.max_answer_tokens=0", r"redteam\.max_answer_tokens = 0"),
    ],
)
def test_a_bad_value_is_refused_by_its_key(override: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        config.load(["redteam=standard", override])


def test_an_earlier_composition_without_the_section_asks_nothing(tmp_path: object) -> None:
    import yaml

    from r1tailor.store import write_text

    values = yaml.safe_load(config.as_yaml(config.load([])))
    del values["redteam"]
    path = tmp_path / "config.yaml"  # type: ignore[operator]
    write_text(path, yaml.safe_dump(values, allow_unicode=True))
    assert config.load_params(path).redteam == Redteam()
