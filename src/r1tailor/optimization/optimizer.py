"""The optimizer: a class from an allow-list, and weight decay where it belongs."""

import importlib
import inspect
from itertools import product
from typing import Any

import torch
from torch import nn
from torch.optim import Optimizer as TorchOptimizer

from r1tailor.errors import ConfigError
from r1tailor.kernels.four_bit import required
from r1tailor.model.temporal import encoder_of
from r1tailor.schema.settings import Settings
from r1tailor.schema.training import AUTO, OPTIMIZER_PREFIXES, Optimizer, Strategy, decided


def optimizer_class(settings: Optimizer) -> type[TorchOptimizer]:
    """Return the class named by ``optimizer._target_``, its arguments checked.

    Raises:
        ConfigError: it is not installed, is no optimizer, or does not take an argument or its value.
    """
    # The schema has checked the path; the object itself is checked here, as a path may lead anywhere.
    module, _, name = settings.target.rpartition(".")
    if module.startswith("bitsandbytes."):
        required(f"optimizer._target_ = {settings.target}")
    try:
        found: Any = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError, NameError, ValueError, TypeError, RecursionError) as error:
        raise ConfigError([f"optimizer._target_ = {settings.target[:200]}: {error}"]) from error
    if not (isinstance(found, type) and issubclass(found, TorchOptimizer)):
        raise ConfigError([f"optimizer._target_ = {settings.target} is not an optimizer class"])
    if not f"{found.__module__}.".startswith(OPTIMIZER_PREFIXES):
        raise ConfigError([f"optimizer._target_ = {settings.target} comes from {found.__module__}, not allowed"])
    missing = {"params", "lr", "weight_decay"} - set(inspect.signature(found).parameters)
    if missing:
        lacks = ", ".join(sorted(missing))
        raise ConfigError([f"optimizer._target_ = {settings.target} does not take {lacks}: it cannot be used here"])
    known = [key for key in inspect.signature(found).parameters if key not in ("params", "lr", "weight_decay")]
    unknown = [key for key in settings.arguments if key not in known]
    if unknown:
        listed = ", ".join(known)
        raise ConfigError(
            [f"optimizer.arguments.{key}: {name} does not take it. It takes: {listed}" for key in unknown]
        )
    if (
        "closure" in (step := inspect.signature(found.step).parameters)
        and step["closure"].default is step["closure"].empty
    ):
        raise ConfigError([f"optimizer._target_ = {settings.target} needs a closure: it cannot be used here"])
    _try(found, settings)
    return found


def _try(kind: Any, settings: Optimizer) -> None:  # noqa: ANN401
    """Build the optimizer over four numbers, so that a value it refuses is found before any model is loaded."""
    group = {"params": [nn.Parameter(torch.zeros(2, 2))], "weight_decay": settings.weight_decay}
    try:
        kind([group], lr=1e-3 if settings.lr == AUTO else settings.lr, **settings.arguments)
    except Exception as error:  # whatever a third party's constructor makes of a value
        given = ", ".join(f"{key}={value!r:.50}" for key, value in settings.arguments.items())
        fault = f"{kind.__name__} refuses {given or 'to be built'}: {type(error).__name__}: {error}"
        raise ConfigError([f"optimizer.arguments: {fault}"]) from error


def build(model: nn.Module, settings: Settings) -> TorchOptimizer:
    """Return the optimizer over the parameters that train.

    Weight decay falls on matrices; norms, biases and embeddings go without (their scale carries meaning). A temporal
    encoder, which starts from random weights, has a rate of its own; with LoRA+ so have the adapters' B.

    Args:
        model: what a strategy made of the base model.
        settings: the composition.
    """
    encoder = encoder_of(model)
    own = set() if encoder is None else {id(parameter) for parameter in encoder.parameters()}
    rate, ratio = decided(settings.optimizer.lr), _ratio(settings.strategy)
    faster = {id(parameter) for name, parameter in model.named_parameters() if ratio != 1 and ".lora_B." in name}

    def rate_of(parameter: nn.Parameter) -> float:
        if id(parameter) in own:
            return settings.temporal.lr or rate
        return rate * ratio if id(parameter) in faster else rate

    decayed = tuple(zip(decay_groups(model), (settings.optimizer.weight_decay, 0.0), strict=True))
    groups: list[dict[str, Any]] = []
    for new, (members, decay) in product((False, True), decayed):
        some = [parameter for parameter in members if (id(parameter) in own) == new]
        for lr in dict.fromkeys(map(rate_of, some)):
            alike = [parameter for parameter in some if rate_of(parameter) == lr]
            groups.append({"params": alike, "weight_decay": decay, "lr": lr})
    kind: Any = optimizer_class(settings.optimizer)
    optimizer: TorchOptimizer = kind(groups, lr=rate, **settings.optimizer.arguments)
    return optimizer


def decay_groups(model: nn.Module) -> tuple[list[nn.Parameter], list[nn.Parameter]]:
    """Return the trained parameters (with, without) weight decay."""
    embeddings = {id(module.weight) for module in model.modules() if isinstance(module, nn.Embedding)}
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    decays = [parameter.ndim >= 2 and id(parameter) not in embeddings for parameter in trained]
    return (
        [parameter for parameter, decay in zip(trained, decays, strict=True) if decay],
        [parameter for parameter, decay in zip(trained, decays, strict=True) if not decay],
    )


def _ratio(strategy: Strategy) -> float:
    """Return the learning rate of the adapters' B over that of everything else."""
    return strategy.lora_plus_ratio if strategy.kind != "full" and strategy.variant == "lora_plus" else 1.0
