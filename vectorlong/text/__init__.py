"""Strings to token ids and back to characters: tokenizing, windows, passages, batches."""
