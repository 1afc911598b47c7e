//! A broken invariant, told with the line that repeats it.

use super::exit::Exit;
use super::print;
use crate::world::Violation;
use std::panic::{self, AssertUnwindSafe};
use std::path::Path;

/// Does something with a scenario's file. A broken invariant and a panic are bugs of ours and end
/// the same way.
pub(super) fn guarded<T>(
    command: &str,
    path: &Path,
    set: &[String],
    act: impl FnOnce() -> Result<T, Violation>,
) -> Result<T, Exit> {
    let what = match panic::catch_unwind(AssertUnwindSafe(act)) {
        Ok(Ok(done)) => return Ok(done),
        Ok(Err(violation)) => violation.to_string(),
        Err(_) => "rejoin panicked".to_owned(),
    };
    let (path, version) = (path.display(), env!("CARGO_PKG_VERSION"));
    print::err(&format!(
        "error: {what}\nThis is a bug of rejoin {version}. Repeat it with: rejoin {command} \
         '{path}'"
    ));
    for change in set {
        print::err(&format!(" --set '{change}'"));
    }
    print::err("\n");
    Err(Exit::Broken)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::time::Instant;

    fn end(act: impl FnOnce() -> Result<(), Violation>) -> Result<(), Exit> {
        guarded("run", Path::new("a.toml"), &["seed=3".to_owned()], act)
    }

    #[test]
    fn broken_invariants_and_panics_are_bugs() {
        let violation = Violation {
            invariant: "generations only grow",
            at: Instant::from_secs(3),
            detail: "generation 1 after 1".to_owned(),
        };
        assert_eq!(end(|| Err(violation)), Err(Exit::Broken));
        assert_eq!(end(|| panic!("on purpose")), Err(Exit::Broken));
        assert_eq!(end(|| Ok(())), Ok(()));
    }
}
