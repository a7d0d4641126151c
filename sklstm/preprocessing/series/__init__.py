"""Series to windows, rectangles and scaled sequences."""
