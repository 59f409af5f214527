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
    new_words    new words that alone decide an answer, until a person confirms them
    knowledge    what the champion knows and one user does not overturn
    admit        the stage: what may be learnt from, and quarantine
    calibration  from agreement to the share of right answers
    confidence   how sure an answer is
    frequency    how often training has seen it
    select       the stage: the day's slice, what is trained on, what people get
    standing     what earlier days leave: material, error spent, whether to train anew
    replay       the mixture: the day, what was left, what is trained on again
    train        the stage: the champion is trained further, or all anew
    alpha_spending, paired, gates   tests of a proof, and what each may spend
    compared     the gates that compare answers, item by item
    prove        the stage: candidate against champion
    daily        the stages in their order, whatever interrupted them
    candidate    a proven candidate becomes a version
    control_limits   live signals against those of the version before
    promote      channels, a person's yes, the way back
    learn        a whole day, and what is due before it
    forget       a day or a user: texts, versions, feedback
    page, page_texts, curves   the page of the days
"""
