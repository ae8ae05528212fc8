"""The template filters of the desk."""
