"""The edge: the only place that knows AWS and both sides of every port."""
