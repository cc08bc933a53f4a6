"""Several nodes: what a fleet is made of."""
