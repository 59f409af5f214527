"""Early warnings and portfolios over markets, beside plain baselines."""
