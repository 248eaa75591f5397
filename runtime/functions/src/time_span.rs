//! FORMAT of `time`, which is a TimeSpan to .NET ("Standard TimeSpan format strings", "Custom
//! TimeSpan format strings"): what isn't a part must be quoted or come after a backslash.

use launchpod_types::calendar::TICKS_PER_SECOND;

use super::culture::Culture;

/// A time of day by a format; `None` for one that .NET refuses.
pub(crate) fn formatted(ticks: i64, format: &str, culture: &Culture) -> Option<String> {
    let seconds = ticks / TICKS_PER_SECOND;
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    let fraction = format!("{:07}", ticks % TICKS_PER_SECOND);
    match format {
        "" | "c" | "t" | "T" => {
            let point = if ticks % TICKS_PER_SECOND == 0 { "" } else { "." };
            let shown = if point.is_empty() { "" } else { &fraction };
            return Some(format!("{hour:02}:{minute:02}:{second:02}{point}{shown}"));
        }
        "g" => {
            let shown = fraction.trim_end_matches('0');
            let point = if shown.is_empty() { "" } else { culture.decimal };
            return Some(format!("{hour}:{minute:02}:{second:02}{point}{shown}"));
        }
        "G" => {
            let point = culture.decimal;
            return Some(format!("0:{hour:02}:{minute:02}:{second:02}{point}{fraction}"));
        }
        _ => {}
    }
    let mut text = String::new();
    let mut rest = format;
    while let Some(c) = rest.chars().next() {
        let count = rest.chars().take_while(|next| *next == c).count();
        let mut taken = count * c.len_utf8();
        let number = match c {
            'd' if count <= 8 => Some(0),
            'h' if count <= 2 => Some(hour),
            'm' if count <= 2 => Some(minute),
            's' if count <= 2 => Some(second),
            _ => None,
        };
        match (c, number) {
            (_, Some(number)) => text.push_str(&format!("{number:0count$}")),
            ('f', _) if count <= 7 => text.push_str(&fraction[..count]),
            ('F', _) if count <= 7 => text.push_str(fraction[..count].trim_end_matches('0')),
            ('\'' | '"', _) => {
                let end = rest[1..].find(c)?;
                text.push_str(&rest[1..=end]);
                taken = end + 2;
            }
            ('\\', _) => {
                let next = rest[1..].chars().next()?;
                text.push(next);
                taken = 1 + next.len_utf8();
            }
            ('%', _) if count == 1 => {}
            _ => return None,
        }
        rest = &rest[taken..];
    }
    Some(text)
}
