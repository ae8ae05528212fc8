"""The sign-in of followers and mini-program users: OAuth, mini-program login, tokens, JS-SDK."""
