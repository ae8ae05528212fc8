"""The QR codes that pages show."""

import segno


def data_uri(content: str) -> str:
    """Returns the code as an SVG image in a data URI.

    Its background is white, with the quiet zone of the standard: on a dark page, cameras could not read it.
    """
    return segno.make_qr(content, error="m").svg_data_uri(scale=6, border=4, light="#fff")
