"""Heads for tasks, in the style of ``transformers``, on this library's core."""
