"""What people read of a finished run: one page, a page that compares two, a model card, a record of evidence.

Modules:

    texts           English and Chinese
    svg             charts as static SVG: colours of the page, text that can be read aloud, no script
    finished        what a run left in its folder, as plain values
    headline        the table of headline metrics, and what belongs to it
    classes         per class: precision, recall, F1, support, confusions
    slices          the headline metric by length, turn and other fields
    attacked        the red team's verdicts, base against tuned
    explained       segments that decided an answer, and error modes
    composed        settings that differ from those that ship
    page            the page of a run
    comparison      the page of two
    evidence        the record of evidence, with where guidelines ask for each cell
    model_card      the model card in Hugging Face's form
"""
