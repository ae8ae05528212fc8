"""What `load_demo` fills an embedded installation with."""
