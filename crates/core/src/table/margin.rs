//! How far round a token run the gate looks for what a rule needs.

use super::LONGEST_MATCH;
use crate::rule::{Driver, Rule};

/// The longest context word counts as this many bytes when a margin is laid.
const LONGEST_WORD: u32 = 32;

/// How far to look round runs of each kind: the shorter and the less random a
/// run, the fewer rules can match there, and the less of the text is searched.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Margins {
    pub(crate) core: [Margin; TIERS.len() + 1],
    pub(crate) hot: [Margin; TIERS.len() + 1],
    pub(crate) wide: Margin,
}

/// Lengths at which more rules begin to count.
const TIERS: [usize; 3] = [20, 24, 32];

/// The index of the margins for runs of a length.
pub(crate) fn tier(len: usize) -> usize {
    TIERS.iter().filter(|tier| len >= **tier).count()
}

impl Margins {
    /// Makes room for a rule that is reached at runs.
    pub(super) fn cover(&mut self, rule: &Rule) {
        let gate = &rule.gate;
        let (before, after) = if gate.anchors.is_empty() {
            (gate.lead.saturating_add(rule.reach), gate.trail.saturating_add(rule.reach / 2 + LONGEST_WORD))
        } else {
            (gate.before, gate.after)
        };
        let tiers = tier(gate.run as usize)..;
        match gate.driver {
            Driver::Core => self.core[tiers].iter_mut().for_each(|margin| margin.cover(before, after)),
            Driver::Run => {
                let both = self.core[tiers.clone()].iter_mut().chain(&mut self.hot[tiers]);
                both.for_each(|margin| margin.cover(before, after));
            }
            Driver::Wide => self.wide.cover(before, after),
            Driver::Text | Driver::Assigned | Driver::Whole | Driver::Parser => {}
        }
    }
}

/// Bytes before and after a run.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Margin {
    pub(crate) before: usize,
    pub(crate) after: usize,
}

impl Margin {
    fn cover(&mut self, before: u32, after: u32) {
        self.before = self.before.max(before as usize).min(LONGEST_MATCH);
        self.after = self.after.max(after as usize).min(LONGEST_MATCH);
    }
}
