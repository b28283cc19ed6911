"""LOSSES and REMARKS: the codes of all notes on results. A new one is one row; codes are for programs, texts for
people."""

from __future__ import annotations

LOSSES = {
    "clamped": "values beyond the output type's range were set to its ends",
    "not-a-number": "NaN became 0 in an integer type",
    "outside-converted": "pixels outside --roi or --mask were rounded or clamped to another output type",
    "few-levels": (
        "a step bounded by 1, or floats within 1, ended in an integer type, which uses two or three levels of it"
    ),
    "ragged": "last rows or columns that no window saw",
    "truncated": "the file was cut short or damaged, and was read as far as it went (--allow-truncated)",
    "detail-missing": "a progressive JPEG ends before its finest detail",
    "narrowed": "16 bits per sample became 8",
    "channels-dropped": "channels without a stated meaning were left out",
    "flattened": "alpha was dropped, or merged into the colour",
    "converted": "colours were converted to another colour space, which may not hold all of them",
    "palette-reduced": "colours were reduced to those of a palette",
    "frames-dropped": "frames or pages were left out",
    "trailer-dropped": "bytes behind the image, perhaps a second one, were left out",
    "timing-dropped": "durations, loop count or disposal of frames were left out",
    "profile-dropped": "a colour profile, or colours told by PNG's cICP, mDCV or cLLI, was left out",
    "metadata-dropped": (
        "EXIF, XMP, IPTC, text, resolution, or tags, chunks and segments that are not known were left out"
    ),
    "attributes-dropped": "access rights or extended attributes of a replaced file could not be kept",
}
"""Losses by code; --strict refuses each of them. The effect of an option (--gray, --strip, --dtype) is not a loss."""

REMARKS = {
    "thumbnail-dropped": "the thumbnail in EXIF, which shows the picture as it was, was left out",
    "overviews-dropped": "reduced versions of pages, which a TIFF file marks as such, were left out",
    "not-stable": (
        "a filter that was to be applied until nothing changes still changed something, or diverged to infinity"
    ),
    "frames-merged": "frames that are like the one before were not written again; that one is shown longer",
    "stored-shorter": "whole numbers were stored in a shorter type in which all of them fit",
    "privileges-dropped": "setuid, setgid or capabilities of the replaced file were left out",
    "option-idle": "an option has no meaning for the output's format",
    "reader-warning": "the reader warned about the file; its pixels are whole",
}
"""Notes that are not losses."""
