//! Randomness that can be had again.

/// `SplitMix64` (Steele, Lea, Flood: "Fast Splittable Pseudorandom Number Generators").
#[derive(Debug, Clone)]
pub struct Dice(u64);

impl Dice {
    /// Dice of this seed, or of the one in `FOLLOWUP_TEST_SEED`. Says which: a failing test shows it.
    pub fn seeded(seed: u64) -> Self {
        let told = std::env::var("FOLLOWUP_TEST_SEED").ok();
        let seed = told.and_then(|text| text.parse().ok()).unwrap_or(seed);
        eprintln!("again with: FOLLOWUP_TEST_SEED={seed}");
        Self(seed)
    }

    /// Other dice, for another thread of things.
    #[must_use]
    pub fn split(&mut self) -> Self {
        Self(self.next())
    }

    /// A number below `end`.
    pub fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last as u64 + 1) as usize);
        }
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}
