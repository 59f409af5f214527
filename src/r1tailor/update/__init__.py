"""How a version learns every day: from what came in to a candidate that is proven, promoted or refused.

::

    day          the frozen day: its places, its material, its champion, its held-out sets
    history      what each day decided: a chained log
"""
