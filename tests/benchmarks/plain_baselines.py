"""What plain baselines reach in a domain, without a model: ``python tests/benchmarks/plain_baselines.py DOMAIN...``.

Collects, cleans and splits as a run does, then scores every baseline on the first ``evaluation.max_items`` test items.
One line a metric: the value of each baseline with its 95 % interval, and the seconds that the baselines took.
"""

import sys
import tempfile
from pathlib import Path

from r1tailor import config, stages
from r1tailor.document_files import read_documents
from r1tailor.domain import open_domain
from r1tailor.evaluation.compare_models import held_out
from r1tailor.evaluation.plain_baselines import baselines
from r1tailor.evaluation.significance import interval
from r1tailor.layout import RunFolder
from r1tailor.record_files import read_examples


def main(name: str) -> None:
    """Print the baselines of a domain."""
    settings = config.load([f"domain={name}"])
    with tempfile.TemporaryDirectory() as folder:
        run = RunFolder(Path(folder))
        for stage in (stages.collect, stages.clean, stages.annotate, stages.instruct):
            stage(settings, run)
        domain = open_domain(settings.domain, list(read_documents(run.annotated)))
        train, test = (list(read_examples(run.examples / f"{part}.jsonl")) for part in ("train", "test"))
    list(domain.examples())
    items = held_out(settings, test)
    found = baselines(domain, train, items, settings.evaluation.plain_baselines, 1)
    print(f"{name}: {len(train):,} training examples, n = {len(items)}, {found.seconds:.1f} s")
    for note in found.notes:
        print(f"  {note}")
    names = dict.fromkeys(metric for measured in found.measured.values() for metric in measured)
    for metric in names:
        cells = []
        for baseline, measured in found.measured.items():
            value = interval(measured[metric], settings.evaluation.resamples, settings.evaluation.confidence, 1)
            cells.append(f"{baseline} {value.value:.3f} [{value.low:.3f}, {value.high:.3f}]")
        print(f"  {metric}: {'; '.join(cells)}")


if __name__ == "__main__":
    for asked in sys.argv[1:]:
        main(asked)
