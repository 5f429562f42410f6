"""What stands inside the sandbox: the relay to the proxy's socket, and how it is started."""
