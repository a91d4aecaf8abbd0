"""What `parley flow` does with flows in files, on this machine alone."""
