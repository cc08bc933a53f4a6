"""The simulated system: clients, strategies, a cache node and a database, on SimPy."""
