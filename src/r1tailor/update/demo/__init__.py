"""Three days of corrections in a project of their own, while a gateway serves: what ``make demo-update`` shows.

::

    story     what users correct on each day, and the budget of the gates
    traffic   the gateway in its own process, and a client that asks it throughout
    play      the days in their order
"""
