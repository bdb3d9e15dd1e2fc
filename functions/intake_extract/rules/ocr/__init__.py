"""Words out of images of pages."""
