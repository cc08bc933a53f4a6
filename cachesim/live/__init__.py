"""Real servers behind the Engine contract, at simulated time: started, driven and ended from here."""
