"""Conversations and their history, in MongoDB."""
