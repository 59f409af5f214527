"""Examples become packed rows: token ids, the token cache, windows of numbers, shared prefixes."""
