"""What travels over HTTP: a body for each thing asked, a view of each thing answered."""
