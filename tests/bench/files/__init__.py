"""Files of rows: one that is the same every time, our arm that imports it, the bare COPY of it."""
