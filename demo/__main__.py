"""`python -m demo` starts the app."""

from demo.app import main

if __name__ == "__main__":
    main()
