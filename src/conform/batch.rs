//! A file's cases, a batch at a time.

use flate2::bufread::MultiGzDecoder;
use std::io::{self, BufRead, BufReader, Read};

/// A batch ends with the line that fills this many bytes.
pub const BATCH_BYTES: usize = 1 << 20;
/// A batch has at most so many lines.
pub const BATCH_LINES: usize = 1024;
/// A longer line is refused (64 MiB; Kafka's largest recorded answers are a thousandth of that).
pub const LINE_BYTES: usize = 1 << 26;

/// How a file packed with gzip begins (RFC 1952).
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// A case as it stands in its file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Line {
    /// Where it begins, from 1.
    pub number: u64,
    /// What it says.
    pub text: String,
}

/// Reads a file's cases: one a line, or the whole file if its first line is no more than `{`, as in
/// JSON laid out for people.
pub struct Batches<'a> {
    reader: Box<dyn BufRead + 'a>,
    number: u64,
}

impl<'a> Batches<'a> {
    /// Reads plain text, or text packed with gzip: its first bytes tell.
    pub fn new(mut reader: impl BufRead + 'a) -> io::Result<Self> {
        let packed = reader.fill_buf()?.starts_with(&GZIP);
        let reader: Box<dyn BufRead + 'a> = if packed {
            Box::new(BufReader::new(MultiGzDecoder::new(reader)))
        } else {
            Box::new(reader)
        };
        Ok(Batches { reader, number: 0 })
    }

    /// The line that was read last.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// Reads the next lines into `batch`, which keeps what came before an error; whether the file
    /// goes on.
    pub fn next(&mut self, batch: &mut Vec<Line>) -> io::Result<bool> {
        let mut bytes = 0;
        while bytes < BATCH_BYTES && batch.len() < BATCH_LINES {
            self.number += 1;
            let Some(mut text) = self.line(LINE_BYTES)? else { return Ok(false) };
            let number = self.number;
            if number == 1 && text.trim_end() == "{" {
                let rest = self.rest(LINE_BYTES)?;
                text.push_str(&rest);
            }
            bytes += text.len();
            if !text.trim_start().is_empty() {
                batch.push(Line { number, text });
            }
        }
        Ok(true)
    }

    /// The next line; `None`: the file is at its end.
    fn line(&mut self, most: usize) -> io::Result<Option<String>> {
        let mut line = Vec::new();
        let read = self.reader.by_ref().take(most as u64 + 1).read_until(b'\n', &mut line)?;
        if read > most {
            return Err(too_long(most));
        }
        if read == 0 { Ok(None) } else { text(line).map(Some) }
    }

    /// All that is left.
    fn rest(&mut self, most: usize) -> io::Result<String> {
        let mut rest = Vec::new();
        let read = self.reader.by_ref().take(most as u64 + 1).read_to_end(&mut rest)?;
        if read > most { Err(too_long(most)) } else { text(rest) }
    }
}

fn too_long(most: usize) -> io::Error {
    io::Error::other(format!("a case of more than {} MiB; split the file", most >> 20))
}

fn text(bytes: Vec<u8>) -> io::Result<String> {
    String::from_utf8(bytes).map_err(|_| io::Error::other("not text in UTF-8"))
}
