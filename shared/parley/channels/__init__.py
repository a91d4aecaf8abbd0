"""One module per channel, and the transport that sends."""
