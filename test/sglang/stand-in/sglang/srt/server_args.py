def prepare_server_args(argv):
    """Flags and their values, for the stand-in."""
    return {flag: value for flag, value in zip(argv, argv[1:] + [""]) if flag.startswith("--")}
