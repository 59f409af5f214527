"""What users say of answers: corrections and ratings are kept, reviewed, and exported as annotations.

::

    kept_text   what becomes of a text before it is kept
    log         records and decisions on an append-only log; texts in files of their own, which retention removes
    review      whether a correction is accepted, and by whose word
    export      accepted corrections as examples and annotation records
    pages       the queue of corrections
"""
