"""Compose, fine-tune, evaluate, report: ``python train.py domain=medical strategy=lora``."""

import sys

import hydra
from omegaconf import DictConfig

from r1tailor import command_line, config


@hydra.main(version_base="1.3", config_path="conf", config_name=config.primary())
def run(composition: DictConfig) -> None:
    """Run one composition; Hydra calls it once, or once per job of a sweep."""
    from r1tailor import runs

    with command_line.reported_errors():
        runs.run_job(composition)


def main() -> None:
    """Resume the run that the command line asks for, or check it and hand it to Hydra."""
    with command_line.reported_errors():
        config.require_project()
        if command_line.given_values(sys.argv[1:]).get("resume") is True:
            from r1tailor import runs

            runs.resume(sys.argv[1:])
            return
        sys.argv[1:] = command_line.checked_arguments(sys.argv[1:])
        run()


if __name__ == "__main__":
    main()
