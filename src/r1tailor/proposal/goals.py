"""What a proposal measures: its metrics, the goal with threshold and reason, and what so many test items show of it."""

from typing import Any

from r1tailor.planning import power
from r1tailor.proposal.draft import Draft
from r1tailor.proposal.tongue import Decision, Tongue

_LONGEST_EXACT = {"en": 40, "zh": 12}  # characters of a mean answer that can be expected word for word
_OF_TEXTS = "perplexity"
_SHARES = ("label_accuracy", "exact_match", "title_accuracy", "number")  # of items that are right
_NAMED = {  # metrics that the task has to name, by that of the goal
    "label_accuracy": ["macro_f1"],
    "number": ["number"],
    "exact_match": ["normalised"],
    "chrf": ["chrf", "rouge_l"],
}
_WHY = {
    "label_accuracy": (
        "a closed set; macro_f1 counts small classes as much as large ones",
        "封闭集合；macro_f1 各类同权",
    ),
    "number": ("the answers are numbers", "答案是数字"),
    "exact_match": ("short answers; normalised leaves punctuation aside", "答案短；normalised 不计标点"),
    "chrf": ("long answers in words of their own: character n-grams, not whole words", "长答案：按字符 n-gram 计"),
    "title_accuracy": ("the title is the answer", "标题即答案"),
    _OF_TEXTS: ("nothing is answered: how well the text is expected", "没有答案：看文本是否在预期之中"),
}


def metric(draft: Draft) -> str:
    """Return the metric of the goal: labels where there is a closed set, words where answers are short."""
    if not draft.answered:
        return "title_accuracy" if draft.way == "passages" else _OF_TEXTS
    if draft.labels is not None:
        return "label_accuracy"
    if draft.survey is not None and draft.survey.numeric:
        return "number"
    longest = _LONGEST_EXACT[draft.say.language]
    return "chrf" if draft.survey is None or draft.survey.length > longest else "exact_match"


def metrics(draft: Draft) -> list[str]:
    """Return the metrics that the task names, next to those of its kind."""
    return _NAMED.get(metric(draft), [])


def reason(draft: Draft) -> str:
    """Return why it is that metric."""
    return draft.in_words(_WHY[metric(draft)])


def goals(draft: Draft) -> list[dict[str, Any]]:
    """Return the goals: what a person said, or the proposed threshold with its reason."""
    measured, given = metric(draft), draft.wishes.threshold
    limit = "at_most" if measured == _OF_TEXTS else "at_least"
    proposed, why = _threshold(draft, measured)
    return [{"metric": measured, limit: proposed if given is None else given, "why": draft.wishes.why or why}]


def _threshold(draft: Draft, measured: str) -> tuple[float, str]:
    say, found = draft.say, draft.survey
    if measured == "label_accuracy" and draft.labels is not None:
        top, share = next(iter(draft.labels.counts)), draft.labels.majority
        return round((1 + share) / 2, 2), say(
            f"always answering {top} is right for {share:.2f} of the items; halfway from there to no error",
            f"始终回答“{top}”已有 {share:.2f} 的正确率；目标取其与全对之间的中点",
        )
    if measured == "chrf":
        other = found.unrelated if found is not None else 0.0
        return round(other + (100 - other) / 4), say(
            f"the answer to another question scores {other:.0f}; a quarter of the way from there to the reference",
            f"拿别题的答案作答已得 {other:.0f}；目标为其与参考答案之间的四分之一处",
        )
    fixed = {
        "title_accuracy": (0.5, "whoever knows the material tells its documents apart", "熟悉材料的人能分辨各篇文档"),
        "exact_match": (0.5, "every second answer must stand as it is", "至少一半答案可直接使用"),
        "number": (0.5, "every second number must be right", "至少一半数字正确"),
    }
    last = (
        20.0,
        "a first value: set it below the base model's perplexity, which the first evaluation tells",
        "初值：请设在基础模型的困惑度以下，首次评估会给出",
    )
    threshold, english, chinese = fixed.get(measured, last)
    return threshold, say(english, chinese)


def shown_by(items: int, goal: dict[str, Any], say: Tongue) -> Decision:
    """Return what so many test items can show of a goal."""
    measured, threshold = goal["metric"], float(goal.get("at_least", goal.get("at_most", 0.0)))
    what = say("test items", "测试样本")
    if measured not in _SHARES:
        return Decision(what, f"{items:,}: {_of_a_mean(items, measured, say)}", say("paired", "配对比较"))
    low, high = power.wilson(threshold * items, items, 0.95)
    known = say(
        f"{measured} {threshold:g} is known to [{low:.2f}, {high:.2f}]",
        f"{measured} {threshold:g} 的区间为 [{low:.2f}, {high:.2f}]",
    )
    lost = say(f"if {power.LOST:.0%} of the items get worse", f"假定 {power.LOST:.0%} 的题变差")
    return Decision(what, f"{items:,}: {_of_a_share(items, say)}; {known}", lost)


def _of_a_share(items: int, say: Tongue) -> str:
    gain, needed = power.detectable_gain(items), power.needed_items(0.05)
    if gain is None:
        seen = say("no gain is seen with 80 % power", "任何提高都无法以 80 % 的把握看出")
    else:
        points = f"{100 * gain:.0f}"
        seen = say(f"a gain of {points} points is seen with 80 % power", f"提高 {points} 个百分点可以 80 % 的把握看出")
    return seen + say(f"; 5 points want {needed:,}", f"；5 个百分点需要 {needed:,} 条")


def _of_a_mean(items: int, measured: str, say: Tongue) -> str:
    gain, needed = power.detectable_shift(items), power.items_for_shift(0.2)
    return say(
        f"a change of {measured} by {gain:.2f} standard deviations of the items' differences is seen with 80 % power; "
        f"0.2 want {needed:,}",
        f"{measured} 变化达各题差值标准差的 {gain:.2f} 倍时可以 80 % 的把握看出；0.2 倍需要 {needed:,} 条",
    )
