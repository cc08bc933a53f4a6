"""The models that `cachesim bench` measures side by side: ours, a textbook's, and other people's."""
