"""The layout of REES46: a row per step of a shopper."""
