"""How a base model is named, for people and for peft."""

from pathlib import Path
from typing import Any

import pytest
from transformers import AutoModelForCausalLM

from r1tailor.model.base import Base
from tests.test_artifact import PACKAGED


def test_a_reference_that_is_no_hub_id_asks_no_hub(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="r1tailor://smollm2@abababababab"):
        AutoModelForCausalLM.from_pretrained(PACKAGED.reference)


@pytest.mark.parametrize(
    ("where", "hub_id", "revision", "named"),
    [
        ({"kind": "hub", "hub_id": "some/base", "revision": "main"}, "some/base", "main", "some/base at revision main"),
        (
            {"kind": "packaged", "package": "p", "version": "1", "member": "m.gguf"},
            None,
            None,
            "m.gguf of p==1, converted to safetensors",
        ),
        ({"kind": "local", "path": "models/mine"}, None, None, "folder models/mine"),
        ({"kind": "random", "layers": 2, "seed": 3}, None, None, "random weights, layers 2, seed 3"),
    ],
)
def test_only_a_base_of_the_hub_is_called_by_a_hub_id(
    where: dict[str, Any], hub_id: str | None, revision: str | None, named: str
) -> None:
    base = Base("mine", "ab" * 32, where)
    assert (base.hub_id, base.revision) == (hub_id, revision)
    assert base.reference == (hub_id or "r1tailor://mine@abababababab")
    assert str(base) == f"mine ({named}; sha256 abababababab)"
