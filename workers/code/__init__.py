"""What a worker needs around the sandbox: is it sound, what goes in, what comes out meanwhile."""
