"""Groups: jobs in an order, run one at a time; what they launch, and who is told."""
