"""Is it true? Runs of the model beside theory (oracles), and embedded engines beside real servers (fidelity)."""
