"""A tuned model in other forms: smaller, faster, or loadable elsewhere."""
