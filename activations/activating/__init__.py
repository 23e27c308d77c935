"""Activations: who may do what with one, and their life."""
