"""Doors to other libraries, each with packages of its own."""
