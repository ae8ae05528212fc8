"""The supervisor behind ``make run``: it starts all processes for development and for trying the product."""
