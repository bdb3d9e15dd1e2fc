"""Pure rules of candidates: searching, matching, duplicates, edits, exports."""
