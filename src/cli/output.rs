//! The folder of a run, written whole or not at all.

use super::interrupt::{forget, unfinished};
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// Files of a run under way, in a folder of their own beside the one that they are for.
#[derive(Debug)]
pub(super) struct Output {
    folder: PathBuf,
    partial: PathBuf,
    written: Vec<String>,
}

impl Output {
    /// Makes the temporary folder.
    pub(super) fn begin(root: &Path, name: &str) -> io::Result<Self> {
        let partial = root.join(format!(".{name}.{}", std::process::id()));
        let mut unfinished = unfinished();
        fs::create_dir_all(&partial)?;
        unfinished.push(partial.clone());
        Ok(Output { folder: root.join(name), partial, written: Vec::new() })
    }

    /// Opens a file that grows with the run.
    pub(super) fn open(&mut self, name: &str) -> io::Result<BufWriter<File>> {
        self.written.push(name.to_owned());
        Ok(BufWriter::new(File::create(self.partial.join(name))?))
    }

    /// Writes a file.
    pub(super) fn write(&mut self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let mut file = self.open(name)?;
        file.write_all(bytes)?;
        file.flush()
    }

    /// The files so far.
    pub(super) fn names(&self) -> Vec<String> {
        self.written.clone()
    }

    /// Puts all files in their place. Returns the folder.
    pub(super) fn publish(self) -> io::Result<PathBuf> {
        let mut unfinished = unfinished();
        fs::create_dir_all(&self.folder)?;
        for name in &self.written {
            fs::rename(self.partial.join(name), self.folder.join(name))?;
        }
        fs::remove_dir(&self.partial)?;
        forget(&mut unfinished, &self.partial);
        Ok(self.folder.clone())
    }
}

impl Drop for Output {
    /// What was not published is gone.
    fn drop(&mut self) {
        let mut unfinished = unfinished();
        if unfinished.contains(&self.partial) {
            let _ = fs::remove_dir_all(&self.partial);
            forget(&mut unfinished, &self.partial);
        }
    }
}
