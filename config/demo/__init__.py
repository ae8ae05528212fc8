"""The demo data that ``load_demo`` writes into an embedded installation."""
