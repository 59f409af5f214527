"""The record of evidence: what is known of a version, from its artefacts, and where guidelines ask for it.

It is a crosswalk, not a statement of conformity: columns name the item of TRIPOD-LLM (Gallifant et al., Nature Medicine
2025), the point of Annex IV of Regulation (EU) 2024/1689, and the heading of GB/T 45654-2025 under which a reader looks
for a cell. What no artefact holds is left to a person, and says so.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from r1tailor.evaluation.learnt import sentences
from r1tailor.report import headline
from r1tailor.report.ability import ability
from r1tailor.report.attacked import UNDECIDED, attacked
from r1tailor.report.explained import modes
from r1tailor.report.finished import Finished
from r1tailor.report.texts import Texts

_REDTEAM = "redteam=standard"
_SHOWN = 12  # characters of a hash in a cell


@dataclass(frozen=True)
class Cell:
    """One thing that is asked for.

    Attributes:
        item: what it is.
        value: what the artefacts say; empty where a person must write it.
        tripod: item of TRIPOD-LLM; empty for none.
        annex: point of Annex IV; empty for none.
        gbt: heading of GB/T 45654-2025; empty for none.
        measured_by: what would measure it, where nothing did.
    """

    item: str
    value: str
    tripod: str = ""
    annex: str = ""
    gbt: str = ""
    measured_by: str = ""


def record(found: Finished, t: Texts) -> list[tuple[str, list[Cell]]]:
    """Return the cells of a run by section."""
    return [
        (t("System"), list(_system(found, t))),
        (t("Data"), list(_data(found, t))),
        (t("Development"), list(_development(found, t))),
        (t("Evaluation"), list(_evaluation(found, t))),
        (t("Safety"), list(_safety(found, t))),
        (t("Use and oversight"), list(_use(found, t))),
    ]


def _system(found: Finished, t: Texts) -> Iterator[Cell]:
    settings, model = found.settings, found.facts["model"]
    base = model.get("base") or {}
    yield Cell(t("Name and domain"), f"{settings.domain.name}: {settings.domain.title}", "1 Title", "1(a)")
    yield Cell(t("Intended use, users and setting"), "", "3 Background", "1(a)", "服务适用场合")
    yield Cell(t("Provider and contact"), "", "", "1(a)", "服务提供者")
    licence = settings.model.licence
    named = f"{settings.model.name}, sha256 {base.get('sha256', '')[:_SHOWN]}, {licence}"
    yield Cell(t("Base model, its licence"), named, "6 Analytical methods", "2(a)", "基础模型使用")
    trained = found.facts["training"].get("trained_parameters")
    form = f"{model.get('kind', '')}, {settings.strategy.kind}" + (f", {trained:,}" if trained else "")
    yield Cell(t("What was trained, parameters"), form, "11 Instruction tuning", "2(b)")
    yield Cell(t("Software"), ", ".join(model.get("code", ())), "14 Open science", "1(c)")
    yield Cell(t("Instructions for use"), "", "19 Discussion", "1(h)", "服务透明度")


def _data(found: Finished, t: Texts) -> Iterator[Cell]:
    facts = found.facts
    card: Mapping[str, Any] = facts["examples"].get("card") or {}
    sources = "; ".join(
        f"{one['name']}: {one.get('documents', 0):,}, {one.get('licence', '')}, sha256 {one.get('sha256', '')[:_SHOWN]}"
        for one in facts["provenance"]
    )
    yield Cell(t("Sources, licences, hashes"), sources, "5 Data", "2(d)", "训练数据来源安全")
    parts = ", ".join(f"{t(name)} {count:,}" for name, count in facts["examples"]["examples"].items())
    yield Cell(t("Examples by part, how they were split"), f"{parts}; {_split(found)}", "5 Data", "2(d)")
    dates = card.get("available_at", {})
    span = f"{dates['first']} – {dates['last']}" if dates.get("first") else ""
    yield Cell(t("Dates of the data"), span, "5 Data", "2(d)")
    cleaned = facts["cleaning"]
    changes = ", ".join(f"{rule} {count:,}" for rule, count in cleaned["changed"].items())
    yield Cell(t("Cleaning: changes by rule"), changes, "5 Data", "2(d)", "训练数据内容安全")
    leaks = facts["examples"].get("leaks", {})
    shared = ", ".join(f"{t(part)} {count}" for part, count in leaks.items())
    yield Cell(t("Held-out items that training repeats, after removal"), shared, "6 Analytical methods", "2(g)")
    removed = "; ".join(f"{t.of(row['reason'])}: {row['examples']}" for row in facts["examples"].get("removed", ()))
    yield Cell(t("Examples removed, and why"), removed or t("No example was removed"), "5 Data", "2(d)")
    privacy = found.settings.domain.cleaning.privacy
    kinds = ", ".join(privacy.kinds) if privacy else t("no personal identifiers are treated in this domain")
    yield Cell(t("Personal identifiers"), kinds, "13 Ethical approval", "2(d)", "个人信息")
    yield Cell(t("Annotation and agreement"), _annotated(found, t), "8 Annotation", "2(d)", "数据标注安全")
    classes = card.get("classes") or {}
    balance = "; ".join(
        f"{t(part)}: {one['classes']}, {one['majority_share']:.2f}, {one['entropy']:.2f}"
        for part, one in classes.items()
    )
    if balance:
        yield Cell(t("Classes, share of the largest, entropy"), balance, "5 Data", "2(d)")
    yield Cell(t("Whom the data represent, and whom not"), "", "16 Participants", "2(g)")
    yield Cell(t("Ethics approval, legal basis"), "", "13 Ethical approval", "", "训练数据来源安全")


def _split(found: Finished) -> str:
    values = found.settings.domain.split.model_dump(mode="json", exclude={"leaks"}, exclude_none=True)
    return ", ".join(f"{key} {value}" for key, value in values.items())


def _annotated(found: Finished, t: Texts) -> str:
    report = found.facts["annotation"]
    if not report or not report.get("exports"):
        return t("no annotations by people")
    kept = {key: value for key, value in report.items() if isinstance(value, int | float | str)}
    return ", ".join(f"{key} {value}" for key, value in kept.items())


def _development(found: Finished, t: Texts) -> Iterator[Cell]:
    settings, training = found.settings, found.facts["training"]
    task = settings.domain.task
    asked = getattr(task, "instruction", None) or next((item.instruction for item, _, _ in found.items), "")
    yield Cell(t("Instruction that the model is given"), asked, "9 Prompting", "2(b)")
    decided: Mapping[str, Any] = (found.facts["model"].get("composition") or {}).get("optimizer") or {}
    rate = decided.get("lr", settings.optimizer.lr)  # training decides it where the settings leave it open
    fixed = f"{settings.objective.kind}, lr {rate}, seed {settings.seed}"
    yield Cell(t("Objective and hyperparameters"), fixed, "11 Instruction tuning", "2(b)")
    yield Cell(
        t("Order of the examples"), f"{settings.curriculum.kind}: {', '.join(settings.curriculum.keys)}", "", "2(b)"
    )
    done = ("steps", "examples_seen", "supervised_tokens", "best_validation_loss", "skipped_steps")
    steps = ", ".join(f"{t.of(key)} {training[key]}" for key in done if key in training)
    yield Cell(t("Training record"), steps, "11 Instruction tuning", "2(c)")
    device = f"{settings.trainer.accelerator} × {settings.trainer.devices}, {training.get('precision', '')}"
    spent = f"{device}, {training['seconds']:,.0f} s" if "seconds" in training else device
    yield Cell(t("Compute"), spent, "12 Compute", "2(c)")
    yield Cell(t("Why it was designed so"), "", "4 Objectives", "2(b)")


def _evaluation(found: Finished, t: Texts) -> Iterator[Cell]:
    metrics, settings = found.metrics, found.settings
    evaluation = settings.evaluation
    asked = t("{n} held-out items", n=metrics["n"])
    how = f"{asked}, temperature {evaluation.temperature:g}, {evaluation.max_answer_tokens} tokens"
    yield Cell(t("Held-out items and decoding"), how, "7 LLM output", "2(g)")
    why = "; ".join(f"{goal.metric}: {goal.why}" for goal in found.goals)
    yield Cell(t("Metrics that count, and why"), why, "6 Analytical methods", "4")
    rows = headline.rows(metrics, headline.chosen(metrics, found.goals), t)
    told = "; ".join(f"{row.metric} {row.base} → {row.tuned} ({row.difference or '–'})" for row in rows)
    yield Cell(t("Performance with intervals, base → tuned"), told, "17 Performance", "3")
    plain = "; ".join(f"{row.metric}: {', '.join(f'{n} {v}' for n, v in row.others)}" for row in rows if row.others)
    yield Cell(t("Plain baselines"), plain, "17 Performance", "2(g)")
    verdict = ". ".join(t.of(sentence) for sentence in sentences(metrics))
    yield Cell(t("Verdict, corrected for several tests"), verdict, "17 Performance", "2(g)")
    met = "; ".join(f"{goal.metric} {goal.threshold}: {t('met') if goal.met else t('missed')}" for goal in found.goals)
    yield Cell(t("Thresholds set before, and whether they are met"), met, "6 Analytical methods", "2(g)")
    worst = "; ".join(f"{one.where}: {one.rate:.3f}" for one in modes(found.errors) if one.shown)
    yield Cell(t("Error modes, tested on other items"), worst, "19 Discussion", "3", "", "r1tailor errors")
    kept = ability(found.ability, t)
    yield Cell(t("General ability kept"), kept.sentence if kept else "", "17 Performance", "2(g)", "", "ability=full")
    yield Cell(t("Performance for groups of persons"), "", "17 Performance", "3")
    yield Cell(t("Limitations and foreseeable misuse"), "", "19 Discussion", "3")


def _safety(found: Finished, t: Texts) -> Iterator[Cell]:
    shown = attacked(found.attacked, found.attacks, t)
    yield Cell(
        t("Red team: base against tuned"),
        shown.sentence if shown else "",
        "17 Performance",
        "2(g)",
        "生成内容安全",
        _REDTEAM,
    )
    families = ", ".join(f"{row[0]} {row[4]}/{row[1]}" for row in shown.families) if shown else ""
    yield Cell(t("Broken cases by family, tuned"), families, "", "5", "主要安全风险", _REDTEAM)
    rate = found.attacked.get("models", {}).get("tuned", {}).get(UNDECIDED)
    yield Cell(
        t("Share of undecided cases"), f"{rate['value']:.3f}" if rate else "", "7 LLM output", "2(g)", "", _REDTEAM
    )
    refused = "; ".join(f"{row[0]}: {row[4]}, {row[5]}" for row in shown.refusals if row[2] == "tuned") if shown else ""
    yield Cell(t("Refusals by words, corrected"), refused, "", "2(g)", "应拒答、非拒答测试题", _REDTEAM)
    detector = (
        f"{shown.detector['sensitivity']:.2f}, {shown.detector['specificity']:.2f}" if shown and shown.detector else ""
    )
    yield Cell(t("Detector's sensitivity and specificity"), detector, "7 LLM output", "2(g)", "", _REDTEAM)
    bank = found.settings.redteam.bank
    yield Cell(t("Bank of test questions"), bank.path if bank else "", "", "2(g)", "测试题库", "redteam.bank")
    yield Cell(t("Integrity: hash of model and metrics"), _hashes(found.lineage), "14 Open science", "2(h)")


def _hashes(lineage: Sequence[tuple[str, str]]) -> str:
    return ", ".join(f"{what} {sha256[:_SHOWN]}" for what, sha256 in lineage if what in ("model", "metrics"))


def _use(found: Finished, t: Texts) -> Iterator[Cell]:
    parent = found.facts["model"].get("parent")
    before = f"sha256 {parent[:_SHOWN]}" if parent else t("trained from the base model")
    yield Cell(t("Changes: the version before"), before, "18 LLM updating", "6", "模型更新、升级")
    yield Cell(t("Human oversight"), "", "19 Discussion", "2(e)", "安全措施")
    yield Cell(t("Risk management"), "", "", "5", "安全措施")
    yield Cell(t("Monitoring after deployment"), "", "18 LLM updating", "9", "安全措施")
    yield Cell(t("Standards applied, declaration of conformity"), "", "", "7, 8")
    yield Cell(t("Involvement of the public, funding, interests"), "", "15 Public involvement")


def filled(sections: Sequence[tuple[str, Sequence[Cell]]]) -> tuple[int, int]:
    """Return how many cells come from artefacts, and how many there are."""
    cells = [cell for _, members in sections for cell in members]
    return sum(bool(cell.value) for cell in cells), len(cells)


def as_markdown(found: Finished, t: Texts) -> str:
    """Return the record as Markdown, with a block to sign."""
    sections = record(found, t)
    of_artefacts, every = filled(sections)
    person = t("a person must write this")
    lines = [
        f"# {t('Record of evidence')}: {cell_text(found.settings.domain.title)}",
        t(
            "{filled} of {all} cells come from artefacts; the others say “{person}”.",
            filled=of_artefacts,
            all=every,
            person=person,
        ),
        t(
            "Crosswalk, not conformity: the columns say where TRIPOD-LLM, Annex IV of Regulation (EU) 2024/1689 and "
            "GB/T 45654-2025 ask for a cell. Nobody has judged whether a cell is enough."
        ),
        t("Fill in and sign a copy: this file belongs to the version, and its hash would no longer hold."),
    ]
    for title, cells in sections:
        head = f"| {t('item')} | {t('evidence')} | TRIPOD-LLM | EU AI Act, Annex IV | GB/T 45654 |"
        rows = [
            f"| {one.item} | {cell_text(one.value) or _missing(one, person, t)} "
            f"| {one.tripod} | {one.annex} | {one.gbt} |"
            for one in cells
        ]
        lines.append("\n".join([f"## {title}\n", head, "|---|---|---|---|---|", *rows]))
    roles = (t("prepared by"), t("reviewed by"), t("approved by"))
    signed = [f"| {role} | | | |" for role in roles]
    head = f"| {t('role')} | {t('name')} | {t('date')} | {t('signature')} |"
    lines.append("\n".join([f"## {t('Sign-off')}\n", head, "|---|---|---|---|", *signed]))
    lines.append(t("The signatures are for the files in SHA256SUMS; check them with: sha256sum -c SHA256SUMS"))
    return "\n\n".join(lines) + "\n"


def _missing(cell: Cell, person: str, t: Texts) -> str:
    how = f" ({t('{what} measures it', what=cell.measured_by)})" if cell.measured_by else ""
    return f"*{person}*{how}"


def cell_text(text: str) -> str:
    """Return a text for a cell of Markdown, where what others wrote is no markup.

    >>> cell_text("a <i>")
    'a &lt;i>'
    """
    for sign in ("\\", "|", "`", "*", "["):
        text = text.replace(sign, f"\\{sign}")
    return text.replace("<", "&lt;").replace("\n", " ")
