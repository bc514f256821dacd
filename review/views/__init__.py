"""The pages of the desk. Each is a page of its own for everybody, and a part of one for htmx."""
