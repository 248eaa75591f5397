//! What a worker has used.

use std::time::Duration;

/// What all processes of a worker have used, from when it was made, as far as that can be told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Used {
    /// Processor time.
    pub cpu: Option<Duration>,
    /// The most memory at once (bytes).
    pub peak_memory: Option<u64>,
}

// === impl Used ===

impl Used {
    /// The greater of each.
    pub fn max(self, other: Used) -> Used {
        Used { cpu: self.cpu.max(other.cpu), peak_memory: self.peak_memory.max(other.peak_memory) }
    }

    /// What two workers have used: the processor time of both, the memory of the one that had more.
    pub fn and(self, other: Used) -> Used {
        let cpu = [self.cpu, other.cpu].into_iter().flatten().reduce(|one, other| one + other);
        Used { cpu, ..self.max(other) }
    }

    /// What was used since `before`: memory is the most at any time.
    pub fn since(self, before: Used) -> Used {
        let cpu = self.cpu.map(|cpu| cpu.saturating_sub(before.cpu.unwrap_or_default()));
        Used { cpu, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processor_time_counts_from_a_moment() {
        let used =
            |seconds| Used { cpu: Some(Duration::from_secs(seconds)), peak_memory: Some(seconds) };
        assert_eq!(used(5).since(used(2)), Used { cpu: used(3).cpu, peak_memory: Some(5) });
        assert_eq!(used(5).since(Used::default()), used(5));
        assert_eq!(Used::default().since(used(2)), Used::default());
    }
}
