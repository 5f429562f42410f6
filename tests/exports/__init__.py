"""Exports from outside: ordered over HTTP, written by the deed of a worker, read over HTTP."""
