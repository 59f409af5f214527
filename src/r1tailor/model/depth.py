"""A student: the base model with fewer of its layers, evenly kept, the first and the last among them.

The weights that stay are the teacher's own. What a configuration says of single layers follows, and a model whose
configuration does not describe what is left of it is refused.
"""

from typing import Any

from torch import nn
from transformers import PreTrainedConfig, PreTrainedModel

from r1tailor.errors import ModelUnavailableError
from r1tailor.schema.model import HubModel, LocalModel, PackagedModel, RandomModel


def students_layers(settings: PackagedModel | HubModel | LocalModel | RandomModel) -> int | None:
    """Return how many layers of the base model are kept; None for all. Random weights have the layers they name."""
    return None if isinstance(settings, RandomModel) else settings.layers


def kept(total: int, wanted: int) -> list[int]:
    """Return the indexes of the layers that stay, as evenly spread as whole numbers allow.

    >>> kept(30, 5)
    [0, 7, 15, 22, 29]
    """
    steps = wanted - 1
    return [(2 * place * (total - 1) + steps) // (2 * steps) for place in range(wanted)]


def cut_config(config: PreTrainedConfig, wanted: int) -> list[int]:
    """Make a configuration that of the student, in place; return the indexes of the layers that stay.

    Raises:
        ModelUnavailableError: the model does not have more layers than that.
    """
    total = getattr(config, "num_hidden_layers", 0)
    if wanted >= total:
        raise ModelUnavailableError(
            f"model.layers = {wanted}: the model has {total} layers; fewer are a student, null takes all of them"
        )
    chosen = kept(total, wanted)
    for name, value in list(vars(config).items()):
        if "layer" in name and isinstance(value, list) and len(value) == total:  # layer_types and its kin
            setattr(config, name, [value[index] for index in chosen])
    if hasattr(config, "first_k_dense_replace"):  # DeepSeek: the first layers have no experts
        config.first_k_dense_replace = sum(index < config.first_k_dense_replace for index in chosen)
    config.num_hidden_layers = wanted
    return chosen


def cut_model(model: PreTrainedModel, wanted: int, skeleton: nn.Module) -> None:
    """Drop the layers of a whole model that the student does not have, in place.

    Args:
        model: with all of its layers, its configuration uncut.
        wanted: how many stay.
        skeleton: the student's architecture as its configuration describes it, on the meta device.

    Raises:
        ModelUnavailableError: what is left is not what the configuration describes.
    """
    chosen = cut_config(model.config, wanted)
    backbone: Any = getattr(model, model.base_model_prefix)
    backbone.layers = nn.ModuleList(backbone.layers[index] for index in chosen)
    for place, layer in enumerate(backbone.layers):
        for module in layer.modules():
            if hasattr(module, "layer_idx"):  # where it finds its keys and values while it generates
                module.layer_idx = place
    left, described = ({name: weight.shape for name, weight in one.state_dict().items()} for one in (model, skeleton))
    if left != described:
        differing = sorted(name for name in left.keys() | described.keys() if left.get(name) != described.get(name))
        raise ModelUnavailableError(
            f"model.layers = {wanted}: architecture {model.config.model_type} cannot lose layers here "
            f"({', '.join(differing[:3])}); leave model.layers null"
        )
