"""A simulator of the WeChat platform.

It keeps its own state (accounts, followers, tokens, media), serves the platform's API on one port, sends
callbacks as the platform does, and shows a phone in the browser. It deliberately shares no code with the
console: a test double with the console's cryptography would repeat its mistakes.
"""
