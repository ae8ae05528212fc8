"""The QR channels: codes with a scene, their welcomes, and reports on the scans."""
