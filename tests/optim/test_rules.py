"""The optimizers that are one rule: they take PyTorch's steps, and their states go to and fro."""
