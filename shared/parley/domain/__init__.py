"""What exists, as frozen values: no clock, no network, no store."""
