"""What may vanish at any moment: caches, rates, connections."""
