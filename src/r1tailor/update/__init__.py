"""How a version learns every day: from what came in to a candidate that is proven, promoted or refused.

::

    day          the frozen day: its places, its material, its champion, its held-out sets
    history      what each day decided: a chained log
    origin       the champion, and what is frozen before the first day
    gather       documents, corrections and labels become a frozen day
    pipeline     the stages of a day for DVC
    alike        which questions are the same one
    voter        what answers stand for; draws of the champion
    repeats      duplicates and contradictions
    triggers     words that turn known questions to one answer
    knowledge    what the champion knows and one user does not overturn
    admit        the stage: what may be learnt from, and quarantine
    calibration  from agreement to the share of right answers
    confidence   how sure an answer is
    frequency    how often training has seen it
    select       the stage: the day's slice, what is trained on, what people get
    daily        the stages in their order, whatever interrupted them
"""
