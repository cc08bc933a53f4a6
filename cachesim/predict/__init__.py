"""What theory says about a scenario, without running it, or why it says nothing."""
