"""GIF: animations composed frame by frame on the way in, palettes and changed boxes on the way out."""
