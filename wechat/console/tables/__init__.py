"""Tables of rows and columns: read from any file that staff upload, written for any file they download.

``reading`` takes CSV in the encodings that are in use, and Excel workbooks, within ``limits``; ``writing``
makes both, and ``downloads`` the responses. ``cells`` is what a cell may hold.
"""
