"""Leave out of train and validation what the owner of its source lets be evaluated on only."""

from collections.abc import Mapping

from r1tailor.domain import Domain
from r1tailor.records import Example
from r1tailor.sources.permissions import not_trained

_LEARNT_FROM = ("train", "validation")  # validation chooses the checkpoint


def permitted(parts: Mapping[str, list[Example]], domain: Domain) -> tuple[dict[str, list[Example]], dict[str, int]]:
    """Return the parts without what may not be trained on, and how many examples of each part were left out.

    An example whose id is no document's is made of several, such as a window of a market: where any source may not be
    trained on, it may not either.
    """
    refused = not_trained(domain.settings.sources)
    if not refused:
        return dict(parts), {}
    allowed = {document.id for document in domain.documents if document.source not in refused}
    kept = {
        name: [one for one in members if allowed & {one.id, one.conversation}] if name in _LEARNT_FROM else members
        for name, members in parts.items()
    }
    return kept, {name: len(parts[name]) - len(kept[name]) for name in _LEARNT_FROM}
