"""One folder per function: handler (answers), logic (decides, pure), wiring (connects)."""
