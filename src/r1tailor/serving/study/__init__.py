"""A blinded study: people compare the answers of two subjects on the same held-out items.

::

    subjects    held-out items that both subjects answered
    draw        the order, the sides and the repeats of each rater, balanced
    power       what a number of items can find
    plan        all of it, stated before the first vote
    votes       the answers of the raters, on an append-only log
    folder      where a study lies
    sequential  a confidence sequence, for stopping early
    statistics  preference, agreement, biases, satisfaction
    verdict     what may be concluded, and by which rule
    report      one HTML page
    pages       what raters see
"""
