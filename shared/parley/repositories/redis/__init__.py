"""What may vanish at any moment: copies, counts and connections, in Redis or Valkey."""
