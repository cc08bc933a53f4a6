"""A system whose tiers may fail, and whose clients wait no longer than they want."""
