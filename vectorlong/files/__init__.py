"""Readers that turn files into documents: what is read, under which id, and what was left out.

Imports without torch, NumPy's users aside; knows neither encoders nor indexes.
"""
