"""What the use cases need of the world, as Protocols; adapters satisfy them structurally."""
