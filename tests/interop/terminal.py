"""Runs a command on a terminal of its own and types a line at each prompt.

    terminal.py '["first line", "second line"]' COMMAND ARGUMENT...

A prompt is whatever ends in `password: `. A line that ends in a control character, such as Ctrl-C, is typed as
it is. Ends with one line of JSON: what the terminal showed, the exit code (that of a signal is negative), and
whether the terminal shows what is typed.
"""

import json
import os
import pty
import sys
import termios
import time

PROMPT = b"password: "
# Ctrl-C and Ctrl-D.
CONTROLS = {"\x03", "\x04"}


def shows_what_is_typed(terminal):
    return bool(termios.tcgetattr(terminal)[3] & termios.ECHO)


def main():
    answers = json.loads(sys.argv[1])
    child, terminal = pty.fork()
    if child == 0:
        os.execv(sys.argv[2], sys.argv[2:])
    shown = b""
    while True:
        try:
            chunk = os.read(terminal, 4096)
        except OSError:  # the child has closed its end
            break
        if not chunk:
            break
        shown += chunk
        if shown.endswith(PROMPT) and answers:
            while shows_what_is_typed(terminal):  # the prompt comes first
                time.sleep(0.01)
            answer = answers.pop(0)
            os.write(terminal, (answer if answer[-1:] in CONTROLS else answer + "\n").encode())
    _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    shows = shows_what_is_typed(terminal)
    print(json.dumps({"shown": shown.decode(errors="replace"), "code": code, "shows": shows}))


main()
