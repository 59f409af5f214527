"""fp16 with a gradient scaler, 4-bit weights, generation."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from r1tailor.batching.packing import pack
from r1tailor.batching.tokens import TokenizedExample
from r1tailor.inference.decoder import write
from r1tailor.inference.wanted import Wanted, budget_of
from r1tailor.objective.supervised import summed_loss
from tests.device.sizes import Sizes
from tests.device.speed import adapted, drawn, seconds


def half_precision(sizes: Sizes) -> dict[str, Any]:
    """Take steps of adapters in fp16 with a scaler; return the losses and what the scale came to."""
    config = sizes.shape("1.5")
    model = adapted(config, torch.float16, sizes.device)
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer, scaler = torch.optim.AdamW(trained, 1e-3), torch.amp.GradScaler(sizes.device.type)
    examples, losses = sizes.workloads["short"].made(config.vocab_size), []
    for _ in range(4 * sizes.steps):
        supervised = sum(len(example.response) for example in examples)
        total = 0.0
        for micro in pack(examples, sizes.workloads["short"].row, 0):
            with torch.autocast(sizes.device.type, torch.float16):
                loss = summed_loss(model, micro.to(sizes.device), 0.0) / supervised
            torch.autograd.backward(scaler.scale(loss))
            total += float(loss)
        scaler.step(optimizer)
        scaler.update()
        optimizer.zero_grad()
        losses.append(total)
    return {"losses": losses, "scale": scaler.get_scale(), "falls": losses[-1] < losses[0]}


def four_bit(sizes: Sizes) -> dict[str, Any]:
    """Replace the linear layers by nf4 ones (bitsandbytes) and return their bytes and the loss before and after."""
    try:
        import bitsandbytes
    except ImportError as error:
        return {"left out": f"bitsandbytes is not there: {error}"}
    config = sizes.shape("1.5")
    model = drawn(config, torch.bfloat16, sizes.device)
    examples = sizes.workloads["short"].made(config.vocab_size)
    micro = next(iter(pack(examples, sizes.workloads["short"].row, 0))).to(sizes.device)
    before, whole = _loss(model, micro), sum(parameter.nbytes for parameter in model.parameters())
    for parent in list(model.modules()):
        for name, layer in list(parent.named_children()):
            if type(layer) is nn.Linear and parent is not model:
                packed = bitsandbytes.nn.Linear4bit(
                    layer.in_features, layer.out_features, layer.bias is not None, torch.bfloat16, quant_type="nf4"
                )
                packed.load_state_dict(layer.state_dict())
                setattr(parent, name, packed.to(sizes.device))
    after = _loss(model, micro)
    packed_bytes = sum(parameter.nbytes for parameter in model.parameters())
    return {"bytes": whole, "bytes in nf4": packed_bytes, "loss": before, "loss in nf4": after}


def _loss(model: nn.Module, micro: Any) -> float:  # noqa: ANN401
    with torch.inference_mode():
        return float(summed_loss(model, micro, 0.0)) / micro.supervised


@dataclass
class _Answer:
    """As many tokens as are asked for, whatever they are."""

    longest: int
    tokens: list[int] = field(default_factory=list)

    @property
    def done(self) -> bool:
        return len(self.tokens) >= self.longest

    def take(self, token: int) -> int:
        self.tokens.append(token)
        return token


def generation(sizes: Sizes) -> dict[str, Any]:
    """Write greedy answers to prompts that share a beginning, by our decoder and by ``transformers``; tokens/s of each.

    In bf16 two orders of the same sums choose differently now and then; how many tokens agree is told.
    """
    config, device = sizes.shape("1.5"), sizes.device
    model = drawn(config, torch.bfloat16, device).eval()
    long, count, shared = (8, 2, 10) if sizes.toy else (128, 64, 400)
    begin = torch.randint(3, config.vocab_size, (shared,)).tolist()
    prompts = [(*begin, *torch.randint(3, config.vocab_size, (20,)).tolist()) for _ in range(count)]
    ours = [_Answer(long) for _ in prompts]

    def choose(logits: Tensor, _: Sequence[Any]) -> list[int]:
        return [int(token) for token in logits.argmax(-1).tolist()]

    def write_ours() -> None:
        ours[:] = [_Answer(long) for _ in prompts]
        wanted = [
            Wanted(TokenizedExample("", prompt, (0,)), long, one) for prompt, one in zip(prompts, ours, strict=True)
        ]
        with torch.inference_mode():
            write(model, 0, wanted, choose, budget_of(model, 16_384, count), lambda number: None)

    plain = drawn(config, torch.bfloat16, device, "sdpa").eval()
    plain.load_state_dict(model.state_dict())
    ids, theirs = torch.tensor(prompts, device=device), []

    def write_theirs() -> None:
        options = {"do_sample": False, "min_new_tokens": long, "max_new_tokens": long, "pad_token_id": 0}
        theirs[:] = plain.generate(ids, attention_mask=torch.ones_like(ids), **options)[:, ids.shape[1] :].tolist()

    time_ours, time_theirs = (seconds(each, sizes, 1) for each in (write_ours, write_theirs))
    agree = [a == b for one, other in zip(ours, theirs, strict=True) for a, b in zip(one.tokens, other, strict=True)]
    rate = count * long
    return {
        "tokens/s": rate / time_ours, "transformers tokens/s": rate / time_theirs, "agree": sum(agree) / len(agree)
    }  # fmt: skip
