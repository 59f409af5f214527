"""R1 Tailor: DeepSeek R1, cut to your domain.

The modules read top to bottom in the order of the data's way: sources, corpus, domain, instruction,
curriculum, model, strategy, training, evaluation, registry. A module imports only from those before it.
"""

__version__ = "0.1.0"
