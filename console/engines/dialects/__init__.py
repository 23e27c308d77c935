"""How each dialect's text becomes a Statement."""
