"""Early warnings and portfolios over markets, next to plain baselines."""
