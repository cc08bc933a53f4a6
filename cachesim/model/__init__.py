"""The simulated system: clients, strategies, a cache and a database, on SimPy."""
