"""The channels: QR codes with a scene, their welcome, and their results."""
