"""The subcommands, one file each; every one registers itself on the app."""
