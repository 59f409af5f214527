"""The stages of a day as a pipeline of DVC, so that ``dvc repro`` in the day's folder repeats it to the same bytes.

``outputs/`` is not in git, so the daily update of a domain is a DVC project of its own, without source control. No
output enters a cache: what a day holds can be forgotten by deleting its files.
"""

from pathlib import Path

import yaml

from r1tailor import store
from r1tailor.update.day import UpdateFolder

STAGES = ("admit", "select", "train", "prove")
_FROZEN = ("config.yaml", "day.json", "material.jsonl", "labels.json", "../../base", "../../held_out/domain")
_CONFIG = "[core]\n    no_scm = true\n    analytics = false\n    check_update = false\n"
_HEADER = "# The stages of one day of r1tailor update. Repeat the day here with: dvc repro\n"


def written(folder: Path, places: UpdateFolder, domain: str, day: str) -> None:
    """Write the pipeline of a day into its folder, and what makes the update's folder a DVC project.

    Args:
        folder: where the day is being written.
        places: of the domain's update.
        domain: its name; with the day's it stands in commands, and both hold nothing that a shell reads.
        day: name of the day.
    """
    if not (places.path / ".dvc" / "config").exists():
        store.write_text(places.path / ".dvc" / "config", _CONFIG)
    stages, before = {}, list(_FROZEN)
    for stage in STAGES:
        outs: list[object] = [{stage: {"cache": False}}]
        if stage == "select":
            outs.append({f"../../held_out/{day}": {"cache": False}})
        command = f"python -m r1tailor update {domain} --day {day} --stage {stage}"
        stages[stage] = {"cmd": command, "deps": list(before), "outs": outs}
        before.append(stage)
    store.write_text(folder / "dvc.yaml", _HEADER + yaml.safe_dump({"stages": stages}, sort_keys=False))
