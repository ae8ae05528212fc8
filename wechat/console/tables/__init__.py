"""The tables that staff upload in any format, and download as CSV or Excel.

``reading`` takes CSV in the encodings that are in use, and Excel workbooks, within ``limits``; ``writing``
makes both, and ``downloads`` the responses. ``cells`` is what a cell may hold.
"""
