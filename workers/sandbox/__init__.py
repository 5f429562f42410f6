"""The only place that starts customers' code: in a sandbox, or not at all."""
