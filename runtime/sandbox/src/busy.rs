//! Whether the host has processor time to spare.

use std::fs;

/// The share of time (percent, over ten seconds) in which some task waited for a processor, from
/// which on the host counts as busy.
const BUSY: f64 = 60.0;

/// Whether the host is busy, by its pressure stall information (Linux,
/// Documentation/accounting/psi.rst). Where the kernel keeps none, it never is.
pub(crate) fn host_is_busy() -> bool {
    let text = fs::read_to_string("/proc/pressure/cpu").unwrap_or_default();
    pressure(&text).is_some_and(|share| share >= BUSY)
}

fn pressure(text: &str) -> Option<f64> {
    text.strip_prefix("some avg10=")?.split(' ').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::pressure;

    #[test]
    fn reads_the_kernels_line() {
        let text = "some avg10=61.25 avg60=3.50 avg300=1.00 total=123\nfull avg10=0.00 avg60=0.00";
        assert_eq!(pressure(text), Some(61.25));
        assert_eq!(pressure(""), None);
    }
}
