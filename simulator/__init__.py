"""The other side of the wire: a stand-in for the WeChat platform.

It keeps its own world (accounts, followers, tokens, media), speaks the platform's API on one port, pushes
callbacks the way the platform does, and shows a phone in the browser. It shares no code with the console on
purpose: a double that borrowed the console's cryptography would agree with its mistakes.
"""
