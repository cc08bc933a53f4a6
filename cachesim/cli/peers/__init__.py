"""The models that `cachesim bench` measures side by side: ours, a textbook's, and those of other people."""
