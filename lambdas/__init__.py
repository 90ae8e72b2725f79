"""One function a folder: handler (answer), logic (decide, pure), wiring (connect)."""
