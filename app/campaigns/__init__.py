"""What people respond to: campaigns, their member statuses, and how their responses stand."""
