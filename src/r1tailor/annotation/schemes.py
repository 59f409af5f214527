"""The label schemes that ship, one per domain; your own goes into the domain's YAML (``kind: own``).

The relations make triples: symptom indicates disease, treatment treats disease; a statute requires an element, an
element leads to an outcome; a misconception distorts a concept, a step applies one.
"""

from r1tailor.schema.annotation import OwnScheme, RelationLabel, Scheme, ShippedScheme, SpanLabel

MEDICAL = OwnScheme(
    kind="own",
    spans=(
        SpanLabel(name="symptom", definition="what is reported or found: a complaint, a sign, a value"),
        SpanLabel(name="disease", definition="a named condition that explains symptoms, confirmed or not"),
        SpanLabel(name="treatment", definition="what is done about it: a drug with its dose, an operation, advice"),
    ),
    relations=(
        RelationLabel(
            name="indicates", head="symptom", tail="disease", definition="the text takes the symptom as evidence of it"
        ),
        RelationLabel(
            name="treats", head="treatment", tail="disease", definition="the text gives the treatment because of it"
        ),
    ),
    questions=(),
)

LEGAL = OwnScheme(
    kind="own",
    spans=(
        SpanLabel(name="statute", definition="a provision that is cited: the act with its article, as it is written"),
        SpanLabel(name="element", definition="a condition that the provision sets and that facts must meet"),
        SpanLabel(name="outcome", definition="the legal consequence: a right, a duty, a sanction, a ruling"),
    ),
    relations=(
        RelationLabel(name="requires", head="statute", tail="element", definition="the provision sets this condition"),
        RelationLabel(name="leads_to", head="element", tail="outcome", definition="it follows when that is met"),
    ),
    questions=(),
)

EDUCATION = OwnScheme(
    kind="own",
    spans=(
        SpanLabel(name="concept", definition="an idea of the syllabus that is named or used correctly"),
        SpanLabel(name="misconception", definition="a wrong idea that a learner shows, not a mere arithmetic slip"),
        SpanLabel(name="step", definition="one move of a solution, with its result"),
    ),
    relations=(
        RelationLabel(
            name="distorts", head="misconception", tail="concept", definition="the wrong idea is about this concept"
        ),
        RelationLabel(name="applies", head="step", tail="concept", definition="the step rests on this concept"),
    ),
    questions=(),
)

SHIPPED = {"medical": MEDICAL, "legal": LEGAL, "education": EDUCATION}


def opened(scheme: Scheme) -> OwnScheme:
    """Return the labels of a scheme, whether it ships or is your own."""
    return SHIPPED[scheme.name] if isinstance(scheme, ShippedScheme) else scheme


def definition(scheme: OwnScheme, label: str) -> str:
    """Return the definition of a span or relation label; empty if there is none (a question's value, ``no label``)."""
    found = {relation.name: relation.definition for relation in scheme.relations}
    return (found | {span.name: span.definition for span in scheme.spans}).get(label, "")
