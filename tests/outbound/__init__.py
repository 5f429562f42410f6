"""Calls to customers' addresses, against servers of the tests on the loopback address."""
