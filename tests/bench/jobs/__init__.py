"""Jobs, their timetables, and the workers that fire and run them."""
