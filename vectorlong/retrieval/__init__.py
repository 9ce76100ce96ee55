"""Vectors and documents on disk; knows no neural network and imports without torch."""
