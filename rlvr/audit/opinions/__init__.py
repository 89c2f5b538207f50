"""Second opinions: other verifiers asked about recorded rollouts, and what follows from their verdicts."""
