"""Launchers and sweepers that the user installed: open to the command line, like Hydra's own."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.support.commands import Done, spawned
from tests.support.refusals import GUARD

# A package as a plug-in's author publishes it: it keeps what it is given, and starts nothing.
LAUNCHER = """
import json
from dataclasses import dataclass
from pathlib import Path
from hydra.core.config_store import ConfigStore
from hydra.plugins.launcher import Launcher

@dataclass
class ToyLauncherConf:
    _target_: str = "hydra_plugins.toy.ToyLauncher"
    queue: str = "short"
    timeout_min: int = 60

ConfigStore.instance().store(group="hydra/launcher", name="toy", node=ToyLauncherConf, provider="toy")

class ToyLauncher(Launcher):
    def __init__(self, queue, timeout_min):
        self.asked = {"queue": queue, "timeout_min": timeout_min}

    def setup(self, *, hydra_context, task_function, config):
        self.folder = Path(config.hydra.sweep.dir)

    def launch(self, job_overrides, initial_job_idx):
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "asked.json").write_text(json.dumps([self.asked, [list(job) for job in job_overrides]]))
        return []
"""
SWEEPER = """
from dataclasses import dataclass
from hydra.core.config_store import ConfigStore
from hydra.core.plugins import Plugins
from hydra.plugins.sweeper import Sweeper

@dataclass
class ToySweeperConf:
    _target_: str = "hydra_plugins.toy_sweeper.ToySweeper"
    n_trials: int = 1

ConfigStore.instance().store(group="hydra/sweeper", name="toy", node=ToySweeperConf, provider="toy")

class ToySweeper(Sweeper):
    def __init__(self, n_trials):
        self.trials = n_trials

    def setup(self, *, hydra_context, task_function, config):
        self.launcher = Plugins.instance().instantiate_launcher(
            hydra_context=hydra_context, task_function=task_function, config=config
        )

    def sweep(self, arguments):
        drawn = [[f"++optimizer.lr={0.1 / 10**trial}"] for trial in range(self.trials)]
        return self.launcher.launch(drawn, initial_job_idx=0)
"""


@pytest.fixture
def train(tmp_path: Path) -> Callable[..., Done]:
    """Run train.py where both plug-ins are installed."""
    package = tmp_path / "site" / "hydra_plugins"
    package.mkdir(parents=True)
    (package / "toy.py").write_text(LAUNCHER, encoding="utf-8")
    (package / "toy_sweeper.py").write_text(SWEEPER, encoding="utf-8")
    path = f"{ROOT / 'src'}:{tmp_path / 'site'}"
    where = f"hydra.sweep.dir={tmp_path}/sweep"
    return lambda *arguments: spawned(("train.py", *arguments, where, GUARD), ROOT, {"PYTHONPATH": path})


def _asked(tmp_path: Path) -> object:
    return json.loads((tmp_path / "sweep" / "asked.json").read_text("utf-8"))


def test_an_installed_launcher_and_its_settings_are_taken(train: Callable[..., Done], tmp_path: Path) -> None:
    done = train("-m", "hydra/launcher=toy", "hydra.launcher.timeout_min=5", "seed=1,2")
    assert done.code == 0, done.err
    asked, jobs = _asked(tmp_path)  # type: ignore[misc]
    assert asked == {"queue": "short", "timeout_min": 5}
    assert [[text for text in job if "seed" in text] for job in jobs] == [["++seed=1"], ["++seed=2"]]


def test_an_installed_sweeper_draws_from_an_interval(train: Callable[..., Done], tmp_path: Path) -> None:
    plug_ins = ("hydra/sweeper=toy", "hydra.sweeper.n_trials=2", "hydra/launcher=toy", "hydra.launcher.queue=long")
    done = train("-m", *plug_ins, "optimizer.lr=interval(0.001,0.1)")
    assert done.code == 0, done.err
    assert _asked(tmp_path) == [
        {"queue": "long", "timeout_min": 60},
        [["++optimizer.lr=0.1"], ["++optimizer.lr=0.01"]],
    ]


@pytest.mark.parametrize(
    ("line", "reported"),
    [
        ("hydra/launcher=slurm", "hydra/launcher=slurm: no plug-in of that name is installed. Installed: basic, "),
        ("hydra/launcher=toy hydra.launcher.timeout_mi=5", "timeout_mi"),
        ("hydra/launcher=toy hydra.launcher.timeout_min=soon", "timeout_min"),
        ("hydra/launcher=toy seed=1,bad", "job 1 (seed=bad): seed = 'bad': must be an integer"),
        ("hydra/sweeper=toy sede=1", "sede is not a setting of the composition (conf/config.yaml)"),
    ],
)
def test_a_fault_with_a_plug_in_is_found_before_it_launches(
    line: str, reported: str, train: Callable[..., Done], tmp_path: Path
) -> None:
    done = train("-m", *line.split())
    assert (done.code, done.out) == (2, "")
    assert reported in done.err
    assert "Traceback" not in done.err
    assert not (tmp_path / "sweep").exists()
