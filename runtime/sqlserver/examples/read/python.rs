//! Readers that are Python packages, in a process of their own that reads when it is told to.

use std::error::Error;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// The packages, in the words of the script.
pub const ROADS: [&str; 2] = ["arrow-odbc", "connectorx"];
const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/speed/read/readers.py");

/// The process; it ends with this program.
pub struct Python {
    process: Child,
    asked: ChildStdin,
    answers: BufReader<ChildStdout>,
}

// === impl Python ===

impl Python {
    /// Starts the script, which imports its packages before it is asked for anything.
    pub fn start(python: &str, port: u16) -> Result<Self, Box<dyn Error>> {
        let mut process = Command::new(python)
            .args([SCRIPT, &port.to_string(), super::QUERY])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let asked = process.stdin.take().ok_or("no standard input")?;
        let answers = BufReader::new(process.stdout.take().ok_or("no standard output")?);
        let mut python = Python { process, asked, answers };
        python.line()?;
        Ok(python)
    }

    /// Has all rows read by a package, and returns how many there were.
    pub fn read(&mut self, road: &str) -> Result<usize, Box<dyn Error>> {
        writeln!(self.asked, "{road}")?;
        Ok(self.line()?.parse()?)
    }

    fn line(&mut self) -> Result<String, Box<dyn Error>> {
        let mut line = String::new();
        if self.answers.read_line(&mut line)? == 0 {
            return Err(format!("{SCRIPT} ended: {}", self.process.wait()?).into());
        }
        Ok(line.trim_end().to_owned())
    }
}
