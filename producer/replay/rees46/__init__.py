"""The layout of REES46: one row per step of a shopper."""
