"""QR channels: codes with a scene, their welcome, and what came through them."""
