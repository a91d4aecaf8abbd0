"""The laptop cloud: the very template, handlers and kinds of servers of the cloud, on 127.0.0.1."""
