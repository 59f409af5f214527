"""Adapters that begin with a part of the base's weights are saved as peft converts them."""

import warnings
from pathlib import Path

import pytest
from peft import PeftModel

from r1tailor import config, store
from r1tailor.errors import PreflightError
from r1tailor.planning.preflight import refuse_early
from r1tailor.strategy import open_strategy
from tests.strategy.test_lora import base_model, logits
from tests.strategy.test_variants import KINDS, MOVING, composed, moved, near, ours, plain_peft
from tests.support.saved_models import SOME_BASE


@pytest.mark.parametrize("kind", MOVING)
def test_a_moved_base_is_converted_as_peft_does(kind: str, tmp_path: Path) -> None:
    tuned, plain = moved(ours(kind)), plain_peft(kind)
    plain.peft_config["default"].init_lora_weights = True  # peft asks so for the first folder
    plain.save_pretrained(tmp_path / "begun")
    plain.peft_config["default"].init_lora_weights = KINDS[kind][1]["init_lora_weights"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a second adapter
        moved(plain).save_pretrained(
            tmp_path / "peft", path_initial_model_for_weight_conversion=str(tmp_path / "begun")
        )
    open_strategy(composed(kind).strategy).save(tuned, tmp_path / "ours", SOME_BASE)
    own, others = (store.read_json(tmp_path / name / "adapter_config.json") for name in ("ours", "peft"))
    for key in ("r", "lora_alpha", "use_rslora", "init_lora_weights"):
        assert own[key] == pytest.approx(others[key])
    first = logits(PeftModel.from_pretrained(base_model(), tmp_path / "ours"))
    near(first, logits(PeftModel.from_pretrained(base_model(), tmp_path / "peft")))


def test_a_moved_base_is_not_divided() -> None:
    settings = composed("olora", "trainer.parallel=fsdp", "trainer.devices=2")
    with pytest.raises(PreflightError, match=r"init = olora changes the base's weights, .* trainer=ddp"):
        refuse_early(settings, config.ROOT)
