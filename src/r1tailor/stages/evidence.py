"""Models -> what they can do, for machines and for people."""

from r1tailor import artifact, config, store
from r1tailor.errors import DataError
from r1tailor.layout import RunFolder
from r1tailor.redteam.folder import nothing
from r1tailor.schema.settings import Settings
from r1tailor.stage_outputs import demand
from r1tailor.stages.code import code_version
from r1tailor.stages.models import chosen_variants, domain_of, parent_of

EVALUATED = "evaluated.json"  # what was evaluated, and the hash of what was measured
_DECIDED = "composition.trainer.precision"  # where settings leave it open, training decides it


def evaluate(settings: Settings, run: RunFolder) -> None:
    """Test examples, base and tuned model -> metrics with intervals, predictions."""
    from r1tailor.evaluation import table
    from r1tailor.evaluation.ability.run import kept
    from r1tailor.evaluation.compare_models import base_and_tuned, forms
    from r1tailor.evaluation.compare_models import evaluate as measure
    from r1tailor.evaluation.market.report import print_tables
    from r1tailor.evaluation.market.run import track_records
    from r1tailor.planning.lengths import fitting
    from r1tailor.registry.goals import before_attacks, verdicts

    for old in (EVALUATED, "metrics.json"):
        (run.evaluation / old).unlink(missing_ok=True)
    demand(settings, run, "evaluate")
    trained = run.phase(settings.curriculum.final)
    refuse_other_model(settings, run)
    domain = domain_of(settings, run)
    parts = run.parts()
    parts, tested = {**parts, "test": fitting(settings, config.ROOT, parts["test"])}, len(parts["test"])
    subjects = (*base_and_tuned(trained / "model"), *forms(settings, run.compressed))
    metrics = measure(settings, domain, parts, config.ROOT, subjects, run.evaluation)
    metrics = kept(settings, subjects, config.ROOT, run.evaluation, metrics)
    records = track_records(settings, run, domain, parts, metrics, chosen_variants(settings))
    table.write_plot(metrics, run.evaluation / "plots" / "metrics.csv")
    left_out = tested - len(parts["test"])
    store.write_json(run.evaluation / EVALUATED, {**evaluated(settings, run), "too_long": left_out})
    table.print_table(settings, metrics, verdicts(before_attacks(settings.domain.goals), metrics))
    print_tables(records)


def refuse_other_model(settings: Settings, run: RunFolder) -> None:
    """Refuse a model that other settings or examples trained: training was refused or killed since they changed.

    Raises:
        CheckpointError: the model is damaged.
        DataError: names what differs.
    """
    from r1tailor.planning.follow_data import open_keys
    from r1tailor.training.identity import differences, identity_of

    keys = settings.curriculum.keys
    artifact.read(run.phase(keys[-1]) / "model")
    for key in keys:
        model = run.phase(key) / "model"
        wanted = identity_of(settings, run.hashes(), key, parent_of(run, keys, key))
        made_by = artifact.recorded(model)
        changed = differences({name: made_by.get(name) for name in wanted}, wanted)
        left_open = {_DECIDED, *(f"composition.{name}" for name in open_keys(settings))}
        changed = [name.removeprefix("composition.") for name in changed if name not in left_open]
        if changed:
            raise DataError(
                f"{model} was trained with other settings or examples ({', '.join(changed[:5])}). "
                "Run train: dvc repro, or python train.py"
            )


def evaluated(settings: Settings, run: RunFolder) -> dict[str, str]:
    """Return the hashes of the model, the test items and the metrics that belong together."""
    manifest = run.phase(settings.curriculum.final) / "model" / store.MANIFEST
    measured = {"model": manifest, "test": run.examples / "test.jsonl", "metrics": run.evaluation / "metrics.json"}
    return {name: store.sha256_file(path) for name, path in measured.items()}


def redteam(settings: Settings, run: RunFolder) -> None:
    """The subjects of ``evaluate`` -> verdicts on their answers to attacks, rates; nothing where none is composed.

    Raises:
        DataError: the model was trained with other settings, or a set or bank of questions cannot be read.
    """
    if not settings.redteam.attacks:
        nothing(run.attacked)
        return
    refuse_other_model(settings, run)
    from r1tailor.redteam.run import attack
    from r1tailor.redteam.subjects import targets
    from r1tailor.redteam.table import print_rates

    model = run.phase(settings.curriculum.final) / "model"
    asked = targets(settings, model, run.compressed, config.ROOT)
    print_rates(attack(settings, asked, run.attacked, config.ROOT, model))


def report(settings: Settings, run: RunFolder) -> None:
    """What the stages before wrote -> one page for people, and the few figures that ``dvc metrics diff`` shows.

    Raises:
        DataError: nothing was evaluated yet.
    """
    from r1tailor.report import compact, finished
    from r1tailor.report.page import page

    found = finished.read(settings, run, code_version())
    store.write_text(run.evaluation / "report.html", page(found))
    store.write_json(run.evaluation / compact.FILE, compact.figures(found))
