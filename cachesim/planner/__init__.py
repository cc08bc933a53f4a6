"""Which fleet serves a load: node types and prices, limits, the cheapest plan, and what a lost node costs."""
