//! Text to people and pipes.

use std::io::{self, ErrorKind, IsTerminal, Write};
use std::process;

/// Writes to standard output. A reader that has gone (`rejoin … | head`) ends the program in peace.
pub(super) fn out(text: &str) {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Ok(()) => {}
        Err(error) if error.kind() == ErrorKind::BrokenPipe => process::exit(0),
        Err(error) => {
            err(&format!("error: can't write to standard output: {error}\n"));
            process::exit(2);
        }
    }
}

/// Writes to standard error.
pub(super) fn err(text: &str) {
    // Nobody is left to tell if this fails.
    let _ = io::stderr().lock().write_all(text.as_bytes());
}

/// Whether standard output shows colours.
pub(super) fn colored_out() -> bool {
    colored(io::stdout().is_terminal())
}

/// Whether standard error shows colours.
pub(super) fn colored_err() -> bool {
    colored(io::stderr().is_terminal())
}

/// `NO_COLOR` (no-color.org): any value but the empty one forbids them.
fn colored(terminal: bool) -> bool {
    let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    terminal && !no_color && !dumb
}
