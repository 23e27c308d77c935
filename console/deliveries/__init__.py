"""The log of deliveries: who got what, kept as keyed hashes."""
