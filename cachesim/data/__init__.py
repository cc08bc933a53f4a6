"""Published figures and sample traces that come with the package, each with its source."""
