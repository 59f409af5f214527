"""General ability kept: questions that have nothing to do with the domain, to base and tuned model.

readers     what a packaged file holds: questions with options, or with answers alone
questions   the fixed draw: which questions are asked, with which options
paired      the interval of a paired difference of shares
run         every subject asked, shares with intervals, differences, the verdict
export      the same questions as tasks of lm-evaluation-harness
"""
