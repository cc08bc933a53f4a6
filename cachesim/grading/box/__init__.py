"""What runs inside the sandbox. Nothing here imports cachesim, and nothing in cachesim imports it: it is started."""
