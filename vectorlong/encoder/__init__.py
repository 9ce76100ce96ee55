"""The neural core: configuration, model, checkpoints, conversion."""
