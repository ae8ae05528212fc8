"""Tables of rows and columns: read from uploaded files, written to downloaded files.

``reading`` reads CSV in common encodings, and Excel workbooks, within ``limits``; ``writing`` writes both.
``cells`` is about the values of cells.
"""
