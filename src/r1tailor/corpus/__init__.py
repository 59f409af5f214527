"""Documents become clean."""
