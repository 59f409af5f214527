"""Published architectures, without the hub."""

import pytest

from r1tailor import config
from r1tailor.model import load, shapes
from r1tailor.schema.model import HubModel
from tests.conftest import ROOT

HUB = sorted(path.stem for path in (ROOT / "conf" / "model").glob("r1*.yaml"))


@pytest.mark.parametrize("name", HUB)
def test_published_shapes_have_the_published_number_of_parameters(name: str) -> None:
    settings = config.load([f"model={name}"]).model
    assert isinstance(settings, HubModel)
    architecture = shapes.published(settings.hub_id)
    assert architecture is not None
    counted = sum(parameter.numel() for parameter in load.skeleton(architecture).parameters())
    assert counted == pytest.approx(settings.parameters, rel=1e-6)


def test_an_architecture_that_is_not_listed_is_none() -> None:
    assert shapes.published("nobody/nothing") is None
    qwen = shapes.published("deepseek-ai/DeepSeek-R1-Distill-Qwen-1.5B")
    assert qwen is not None
    assert (qwen.model_type, qwen.hidden_size, qwen.tie_word_embeddings) == ("qwen2", 1536, False)
    assert shapes.published("deepseek-ai/DeepSeek-R1-0528").model_type == "deepseek_v3"  # type: ignore[union-attr]
