"""New weights from the learner to the generators: written, loaded in flight, checked by log-probabilities."""
