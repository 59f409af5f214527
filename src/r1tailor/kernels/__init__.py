"""Fast operations that equal the plain ones: attention, rotary positions, norms, gates, linear layers, the loss."""
