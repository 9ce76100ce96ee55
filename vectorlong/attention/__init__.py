"""Longformer attention: pure functions on tensors, one file a backend."""
