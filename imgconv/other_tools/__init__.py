"""What other tools give: two tools' ways compared on an image, and programs in which they do what a pipeline does.

How each tool differs is declared in `operations/profiles.py`.
"""
