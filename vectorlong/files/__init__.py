"""Readers that turn files into documents: what is read, under which id, and what was left out.

Knows neither encoders nor indexes, and loads no torch.
"""
