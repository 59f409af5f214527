"""A search over compositions: Optuna draws, Hydra's launchers run, jobs that fall behind end early.

The last is ``training/pruning.py``.

Modules:

    asked       the settings of a search, checked
    space       what an override draws from
    study       Optuna's study in SQLite: opened, gone on with, told what jobs came to
    sweeper     the loop
"""
