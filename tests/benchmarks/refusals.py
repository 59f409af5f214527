"""How often the detector of refusals errs on answers that people labelled: ``python -m tests.benchmarks.refusals``.

It downloads pyrit 1.1.0 (MIT, pinned in ``conf/redteam/full.yaml``) and reads its tables as archives. The counts it
prints are ``r1tailor.redteam.refusals.ON_PYRIT``.
"""

from r1tailor import config
from r1tailor.redteam.packaged_sets import labelled
from r1tailor.redteam.refusals import measured


def main() -> None:
    """Print the counts, the sensitivity and the specificity."""
    found = measured(labelled(config.load(["redteam=full"]).redteam.labelled))
    print(found and found.as_dict())


if __name__ == "__main__":
    main()
