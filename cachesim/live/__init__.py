"""Real servers behind the Engine contract, at simulated time. This room starts and ends them."""
