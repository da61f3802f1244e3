//! The one table: a row for each thing that was measured, printed when it is.

use std::fs;
use std::process::Command;
use std::time::Duration;

use crate::firm::Size;

/// Prints rows.
pub struct Table(());

impl Table {
    /// Prints where and when this is, and the head.
    pub fn begun(words: &[String]) -> Self {
        let about = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let model =
            about.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": ").map(|(_, name)| name));
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let date = Command::new("date").arg("+%F").output().map(|said| said.stdout).unwrap_or_default();
        println!(
            "\n`cargo run --release --manifest-path benches/Cargo.toml -- {}`, {}, {cores} cores of {}\n",
            words.join(" "),
            String::from_utf8_lossy(&date).trim(),
            model.unwrap_or("an unknown machine")
        );
        println!("| size | what | who | figure | beside |\n| --- | --- | --- | ---: | ---: |");
        Self(())
    }

    /// How many a second, and how many times as many ours are.
    pub fn rate(&mut self, size: Size, what: &str, who: &str, speed: f64, ours: f64) {
        let beside = if who == OURS { String::new() } else { format!("ours is {:.1} x", ours / speed) };
        self.row(size.name, what, who, &format!("{speed:.0} a second"), &beside);
    }

    /// How long it took.
    pub fn took(&mut self, size: Size, what: &str, who: &str, took: Duration, beside: &str) {
        let seconds = took.as_secs_f64();
        let figure = if seconds < 0.1 { format!("{:.2} ms", seconds * 1e3) } else { format!("{seconds:.2} s") };
        self.row(size.name, what, who, &figure, beside);
    }

    /// Anything else.
    pub fn row(&mut self, size: &str, what: &str, who: &str, figure: &str, beside: &str) {
        println!("| {size} | {what} | {who} | {figure} | {beside} |");
    }
}

/// What we are called in the table.
pub const OURS: &str = "rightful";
