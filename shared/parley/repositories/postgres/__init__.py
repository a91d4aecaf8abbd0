"""PostgreSQL: organisations, access, flows, events and the audit log."""
