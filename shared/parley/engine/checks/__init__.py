"""The rules that a flow is checked by: one module a kind of finding."""
