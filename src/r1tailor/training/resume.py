"""Whether a folder holds the same run: finished, or interrupted and to be resumed."""

from pathlib import Path
from typing import Any

from r1tailor import artifact, store
from r1tailor.errors import CheckpointError
from r1tailor.training.checkpoint_policy import newest_state, remove_unfinished
from r1tailor.training.identity import differences
from r1tailor.training.parallel import rank
from r1tailor.training.phase_run import PhaseRun

CODE = "code"  # versions that trained a model, oldest first: several if it was resumed after the code had changed


def finished(run: PhaseRun) -> dict[str, Any] | None:
    """Return the metrics of a run that has finished in its folder, undamaged; None where there is training to do."""
    try:
        made_by = artifact.read(run.model).run
    except CheckpointError:
        return None
    if not run.metrics_file.exists() or any(made_by.get(key) != value for key, value in run.identity.items()):
        return None
    print(f"{run.model} is this very run, finished and undamaged: not trained again")
    _report_changed_code(made_by.get(CODE, []), run.code)
    metrics: dict[str, Any] = store.read_json(run.metrics_file)
    return metrics


def state_to_resume(run: PhaseRun) -> Path | None:
    """Return the state that the run resumes from; None where it starts from its first step.

    Raises:
        CheckpointError: the states belong to another run, or all of them are damaged.
    """
    if rank() == 0:
        remove_unfinished(run.checkpoints)
    state = newest_state(run.checkpoints)
    if state is None:
        if rank() == 0:
            store.write_json(_marker(run), run.identity | {CODE: [run.code]})
        return None
    found = _begun(run)
    began_with = found.pop(CODE, [])
    if differing := differences(found, run.identity):
        names = sorted(name.removeprefix("composition.") for name in differing)
        raise CheckpointError(
            f"{state} belongs to another run: {', '.join(names[:5])} differ. "
            f"Resume with the composition it began with, or remove {run.checkpoints}"
        )
    print(f"resuming from {state}")
    _report_changed_code(began_with, run.code)
    if rank() == 0 and began_with[-1:] != [run.code]:
        store.write_json(_marker(run), found | {CODE: [*began_with, run.code]})
    return state


def code_versions(run: PhaseRun) -> list[str]:
    """Return the versions of the code that trained a run, oldest first."""
    versions: list[str] = _begun(run).get(CODE, [run.code])
    return versions


def _marker(run: PhaseRun) -> Path:
    return run.checkpoints / "run.json"


def _begun(run: PhaseRun) -> dict[str, Any]:
    """Return the identity that the run in a folder began with, and its versions of the code."""
    marker = _marker(run)
    begun: dict[str, Any] = store.read_json(marker) if marker.exists() else {}
    return begun


def _report_changed_code(before: list[str], now: str) -> None:
    if before and before[-1] != now:
        print(f"the code has changed: this run was trained by r1tailor {before[-1]}, here is {now}")
