"""The one exception whose message is meant for the person who uses the program."""


class UserError(ValueError):
    """Something a person asked for cannot be done; the message is one sentence that says what to do instead.

    The command line prints it and exits with code 2, the app shows it as it is.
    """
