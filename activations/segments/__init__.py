"""Segments: their rules in words, their size, and their life from the first save to the last."""
