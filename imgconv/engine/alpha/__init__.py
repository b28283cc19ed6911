"""Alpha: how transparent each pixel is, and colours weighted by it.

`plane` says what is opaque and where alpha goes when it is not filtered. `weighted` holds colours with their alpha and
multiplies and divides them; `filter` and `pool` slide windows over them, by `strips` of rows. Which of it an image gets
is decided by a policy above (`imgconv.api.alpha_policies`).
"""
