"""What to train with for so many examples of such a length, on this machine: each setting with its reason."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from r1tailor.errors import TailorError
from r1tailor.proposal.tongue import Decision, Tongue
from r1tailor.records import Example
from r1tailor.schema.settings import Settings

FULL_FROM = 100_000  # examples
_LENGTHS = (512, 1024, 2048, 4096, 8192, 16384)
_FITS = 0.99  # share of the examples
# For each weight and token: forward, and backward to inputs (and to weights).
_FLOPS = {"lora": 4, "qlora": 4, "full": 6}
_EFFICIENCY = 0.5  # of the rate of a matrix product, of which training reaches about half


@dataclass(frozen=True)
class Advice:
    """Settings for a run.

    Attributes:
        overrides: as the command line takes them.
        decisions: each setting with its reason.
    """

    overrides: tuple[str, ...]
    decisions: tuple[Decision, ...]


@dataclass(frozen=True)
class Lengths:
    """Tokens of the examples to train on, sorted; ``exact`` unless they were estimated from characters."""

    tokens: tuple[int, ...]
    exact: bool

    @property
    def total(self) -> int:
        """Tokens of one pass."""
        return sum(self.tokens)

    def share_above(self, longest: int) -> float:
        """Return the share of examples that are longer."""
        return sum(length > longest for length in self.tokens) / len(self.tokens)


def strategy_for(examples: int) -> str:
    """Return ``lora`` or ``full``: adapters under 100,000 examples."""
    return "lora" if examples < FULL_FROM else "full"


def advise(settings: Settings, examples: Sequence[Example], root: Path, say: Tongue, times: int = 1) -> Advice:
    """Return what to train with.

    Args:
        settings: the composition that the domain was tried with, and the strategy for so many examples.
        examples: to train on.
        root: the project's root, for local models.
        say: the language of the reasons.
        times: how often as many examples there are, where those are the first ones of a large file.
    """
    lengths = lengths_of(settings, examples, root)
    longest = max_length(lengths, settings.model.context_length)
    overrides = ["strategy=full"] if settings.strategy.kind == "full" else []
    overrides += [f"trainer.max_length={longest}"] if longest != settings.trainer.max_length else []
    decided = [
        _strategy(settings.strategy.kind, times * len(examples), say),
        *_followed(settings, [*examples] * times, root),
        _length(lengths, longest, say),
    ]
    return Advice(tuple(overrides), (*decided, *_needs(settings, lengths, longest, root, say, times)))


def _followed(settings: Settings, examples: Sequence[Example], root: Path) -> Iterator[Decision]:
    """Yield each setting that follows the data and the model, with its value and reason."""
    from r1tailor.planning.follow_data import followed

    try:
        found = followed(settings, examples, root)
    except TailorError:
        return
    for (key, value), why in zip(found.chosen.items(), found.reasons, strict=True):
        yield Decision(key.partition(".")[2], f"{value:g}" if isinstance(value, float) else str(value), why)


def max_length(lengths: Lengths, context: int) -> int:
    """Return the shortest of the usual lengths that nearly all examples fit in; at most the model's context."""
    offered = [length for length in _LENGTHS if length <= context] or [context]
    return next((length for length in offered if lengths.share_above(length) <= 1 - _FITS), offered[-1])


def lengths_of(settings: Settings, examples: Sequence[Example], root: Path) -> Lengths:
    """Return the examples' tokens; without the model at hand, one for four letters or for each Chinese character."""
    try:
        from r1tailor.batching.tokens import tokenize
        from r1tailor.model.load import load_tokenizer

        tokenizer = load_tokenizer(settings.model, root)
        found = tokenize(examples, tokenizer, 10**9).examples
        return Lengths(tuple(sorted(len(example) for example in found)), exact=True)
    except TailorError:
        return Lengths(tuple(sorted(map(_estimated, examples))), exact=False)


def _estimated(example: Example) -> int:
    text = f"{example.instruction}{example.input}{example.reasoning}{example.output}"
    narrow = sum(ord(character) < 0x2E80 for character in text)
    return 16 + narrow // 4 + len(text) - narrow


def _strategy(strategy: str, count: int, say: Tongue) -> Decision:
    few = say(
        f"{count:,} examples, under {FULL_FROM:,}: adapters learn them, all weights would memorise them",
        f"{count:,} 条，少于 {FULL_FROM:,}：适配器足以学会，全参数会死记",
    )
    many = say(f"{count:,} examples, over {FULL_FROM:,}", f"{count:,} 条，多于 {FULL_FROM:,}")
    return Decision(say("strategy", "训练方式"), strategy, few if strategy == "lora" else many)


def _length(lengths: Lengths, longest: int, say: Tongue) -> Decision:
    tokens, above = lengths.tokens, lengths.share_above(longest)
    about = "" if lengths.exact else say("estimated: ", "估计：")
    middle, top = tokens[len(tokens) // 2], tokens[-1]
    why = say(f"{about}median {middle:,}, longest {top:,} tokens", f"{about}中位 {middle:,}，最长 {top:,} 词元")
    if above:
        why += say(f"; {above:.1%} are longer and left out", f"；{above:.1%} 更长，不参与训练")
    return Decision(say("max_length", "最大长度"), f"{longest:,}", why)


def _needs(
    settings: Settings, lengths: Lengths, longest: int, root: Path, say: Tongue, times: int
) -> Iterator[Decision]:
    """Yield time and memory here, for a model whose configuration is at hand."""
    from r1tailor.planning.follow_data import followed
    from r1tailor.planning.plan import plan, size
    from r1tailor.planning.precision import COMPUTE, device, precision, product_rate

    trainer = settings.trainer.model_copy(update={"max_length": longest})
    try:
        decided = followed(settings.model_copy(update={"trainer": trainer}), (), root).settings
        planned = plan(decided, root, times * len(lengths.tokens))
    except TailorError as error:
        yield Decision(say("memory", "内存"), say("not known", "未知"), str(error).splitlines()[0][:160])
        return
    yield Decision(
        say("memory", "内存"), size(planned.total), say("the peak of the worst micro-batch", "最大微批的峰值")
    )
    if device(settings) == "cpu":
        rate = _EFFICIENCY * product_rate(COMPUTE[precision(settings)])
        seconds = times * lengths.total * planned.parameters * _FLOPS[settings.strategy.kind] / rate
        why = say("on this machine, by its matrix products", "按本机矩阵乘法速度估计")
        yield Decision(say("time of a pass", "每轮时间"), _duration(seconds, say), why)


def _duration(seconds: float, say: Tongue) -> str:
    if seconds < 90:
        return say(f"about {max(1, round(seconds))} s", f"约 {max(1, round(seconds))} 秒")
    if seconds < 5400:
        return say(f"about {round(seconds / 60)} min", f"约 {round(seconds / 60)} 分钟")
    return say(f"about {seconds / 3600:.1f} h", f"约 {seconds / 3600:.1f} 小时")
