"""The conformance tests: published third-party clients run against the simulator, with a table of results."""
