"""Text to intent: pure, models loaded once."""
