"""Parent segments: who may use them, what they are made of, their refresh."""
