"""Everything that touches torch: the model, log-probabilities, losses, optimizer, checkpoints, warm-up."""
