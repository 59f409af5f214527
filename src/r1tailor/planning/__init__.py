"""Will it fit, and what would stop it? Answered before any weight is read."""
