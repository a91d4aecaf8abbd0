"""The flow interpreter: pure, from a document to a program to turns."""
