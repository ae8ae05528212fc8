"""The digests of codes that only their holder may know."""

from Crypto.Hash import SHA256


def digest(text: str) -> str:
    return SHA256.new(text.encode(errors="surrogatepass")).hexdigest()
