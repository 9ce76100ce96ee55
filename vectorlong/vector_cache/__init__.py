"""Vectors of texts on disk, for whoever encodes the same texts again; knows no encoder."""
