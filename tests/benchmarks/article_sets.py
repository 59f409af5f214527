"""Is the set of cited articles a task worth learning? Size, answerable share, plain baselines.

``python tests/benchmarks/article_sets.py`` prints for each domain: examples by part, different sets, the share of test
items all of whose articles are cited (or read) in train, and what answers without a model score on the test: always
the most frequent set; the set of the training item with the most similar text; the most similar articles of the same
act. Similarity is the cosine of TF-IDF over words, or over character bigrams in Chinese.
"""

import argparse
from collections.abc import Mapping, Sequence
from random import Random
from statistics import fmean

from sklearn.feature_extraction.text import TfidfVectorizer

from r1tailor import config, sources
from r1tailor.domain import open_domain
from r1tailor.domain.article_sets import ArticleSets
from r1tailor.instruction.build import build
from r1tailor.records import Example, Prediction

DOMAINS = ("legal_articles", "legal_zh_articles")
SHOWN = ("article_f1", "article_precision", "article_recall", "all_articles")


def main() -> None:
    """Print the figures of each domain."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--domains", nargs="+", choices=DOMAINS, default=list(DOMAINS))
    parser.add_argument("--audit", type=int, default=0, help="citations to print with their context, drawn at random")
    options = parser.parse_args()
    for name in options.domains:
        _report(name, options.audit)


def _report(name: str, audited: int) -> None:
    composed = config.load([f"domain={name}"])
    documents = [document for source in composed.domain.sources for document in sources.read(source, config.ROOT, [])]
    domain = open_domain(composed.domain, documents)
    assert isinstance(domain, ArticleSets)
    parts = build(domain, composed.seed).parts
    cites = {part: [example for example in members if _is(example)] for part, members in parts.items()}
    reads = [example for example in parts["train"] if not _is(example)]
    test, sizes = cites["test"], [len(example.fields["cited"]) for members in cites.values() for example in members]
    sets = {example.output for members in cites.values() for example in members}
    counts = ", ".join(f"{part} {len(members):,}" for part, members in cites.items())
    print(f"{name}: {counts}; {len(reads):,} articles to read in train")
    print(f"  {len(sets):,} different sets, {fmean(sizes):.2f} articles each on average, {max(sizes)} at most")
    cited, read = _articles(cites["train"]), _articles(reads)
    print(f"  test items all of whose articles are cited in train: {_within(test, cited):.3f}, or read: ", end="")
    print(f"{_within(test, cited | read):.3f}")
    majority = domain.majority_answer(parts["train"])
    _score(domain, test, f"always {majority}", {example.id: majority for example in test})
    _score(domain, test, "set of the most similar training item", _nearest(test, cites["train"]))
    _score(domain, test, "most similar article of the act", _nearest(test, reads))
    citing = {example.group for members in cites.values() for example in members}
    listed = [(each, one) for each in documents if each.id in citing for one in domain.citations_of(each)]
    for document, one in Random(11).sample(listed, audited):
        before, after = document.text[max(0, one.start - 45) : one.start], document.text[one.end : one.end + 45]
        resolved = "; ".join(" ".join(article) for article in one.articles)
        context = f"{before}[[{document.text[one.start : one.end]}]]{after}"
        print(f"{document.id} | {' '.join(context.split())} => {resolved}")


def _is(example: Example) -> bool:
    return bool(example.fields["task"] == "citations")


def _articles(examples: Sequence[Example]) -> set[tuple[str, ...]]:
    return {tuple(pair) for example in examples for pair in example.fields["cited"]}


def _within(examples: Sequence[Example], known: set[tuple[str, ...]]) -> float:
    return fmean(float(_articles([example]) <= known) for example in examples)


def _nearest(test: Sequence[Example], train: Sequence[Example]) -> dict[str, str]:
    """Return the answer of the most similar training example of the same act."""
    chinese = any("《" in example.input for example in test)
    found = TfidfVectorizer(analyzer="char", ngram_range=(2, 2)) if chinese else TfidfVectorizer(sublinear_tf=True)
    known = found.fit_transform(example.input for example in train)
    likeness = (found.transform(example.input for example in test) @ known.T).toarray()
    answers = {}
    for row, example in zip(likeness, test, strict=True):
        same = [place for place, other in enumerate(train) if other.fields["act"] == example.fields["act"]]
        others = [place for place in same if train[place].group != example.group]
        answers[example.id] = train[max(others, key=lambda place: row[place])].output if others else ""
    return answers


def _score(domain: ArticleSets, test: Sequence[Example], name: str, answers: Mapping[str, str]) -> None:
    scores = [domain.score(example, Prediction(example.id, answers[example.id], 0.0, 1, "")) for example in test]
    values = ", ".join(f"{metric} {fmean(one[metric] for one in scores):.3f}" for metric in SHOWN)
    print(f"  {name}: {values}")


if __name__ == "__main__":
    main()
