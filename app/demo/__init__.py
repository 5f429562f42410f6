"""What `make demo` shows: 20,000 real responses over HTTP, a killed worker, a full account."""

from app.demo.story import show

__all__ = ["show"]
