"""Followers and mini-program users sign in: OAuth, mini-program login, tokens, the JS-SDK."""
