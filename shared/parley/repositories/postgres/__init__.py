"""Organisations, people, flows and the event log, in PostgreSQL."""
