"""The digest that is stored instead of a secret code."""

from Crypto.Hash import SHA256


def digest(text: str) -> str:
    return SHA256.new(text.encode(errors="surrogatepass")).hexdigest()
