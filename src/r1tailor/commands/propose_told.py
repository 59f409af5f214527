"""What ``r1tailor propose`` prints: each decision with its reason, and the commands that come next."""

from r1tailor import config
from r1tailor.commands.propose_trial import Tried, settings_of
from r1tailor.proposal import reasons
from r1tailor.proposal.draft import KEY, Draft, preset
from r1tailor.proposal.goals import shown_by
from r1tailor.proposal.tongue import Decision
from r1tailor.proposal.values import values

_LEAST = 20  # training examples, below which nothing is learnt


def tell(tried: Tried) -> None:
    """Print what was decided on a draft that was tried."""
    draft, say = tried.draft, tried.draft.say
    _decisions(draft, tried.notes)
    if not tried.parts:
        print(say("next:", "下一步："))
        print(f"  r1tailor tasks domain={draft.name}")
        return
    counts = ", ".join(f"{name} {len(members):,}" for name, members in tried.parts.items())
    print(Decision(say("examples", "样本"), counts, _too_few(tried)))
    for goal in values(draft, config.ROOT)["goals"]:
        print(shown_by(len(tried.parts["test"]), goal, say))
    overrides = _advised(tried)
    print(say("next:", "下一步："))
    if preset(draft) in ("hipaa", "pipl"):
        print(f'  export {KEY}="$(openssl rand -hex 32)"')
    print(f"  python train.py --config-name=debug domain={draft.name}")
    print(f"  python train.py {' '.join([f'domain={draft.name}', *overrides])}")


def tell_market(draft: Draft) -> None:
    """Print what was decided on a table of daily figures."""
    _decisions(draft, ())
    print(draft.say("next:", "下一步："))
    print(f"  r1tailor market backfill domain={draft.name}")
    print(f"  python train.py --config-name=debug domain={draft.name}")
    print(f"  python train.py domain={draft.name}")


def _decisions(draft: Draft, notes: tuple[Decision, ...]) -> None:
    print(draft.say("what was found, and what is proposed for it:", "看到的内容与相应的建议："))
    for decision in (*reasons.decisions(draft), *notes):
        print(decision)


def _too_few(tried: Tried) -> str:
    few = len(tried.parts["train"]) < _LEAST
    return tried.draft.say("too few to learn from: collect more", "太少，学不到东西：请补充") if few else ""


def _advised(tried: Tried) -> tuple[str, ...]:
    from r1tailor.proposal.advice import advise, strategy_for

    train = tried.parts["train"]
    strategy = strategy_for(tried.times * len(train))
    settings = tried.settings if strategy == "lora" else settings_of(tried.draft, strategy)
    advice = advise(settings, train, config.ROOT, tried.draft.say, tried.times)
    for decision in advice.decisions:
        print(decision)
    return advice.overrides
