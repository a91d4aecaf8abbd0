"""Use cases, one module per resource, over the ports they need."""
