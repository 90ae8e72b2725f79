"""The questions: one module each, with pure partials and the rule by which partials merge."""
