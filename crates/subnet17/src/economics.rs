//! What an answer is worth.

/// Accepted results × Glicko rating (`MinerData.calculate_reward`, `neurons/validator/miner_data.py`).
pub fn reward(observations: u64, rating: f64) -> f64 {
    observations as f64 * rating
}

/// Reward at or below which a miner gets no weight (`_set_weights`, `neurons/validator/validator.py`).
pub const LEAST_REWARD: f64 = 5.0;

/// Weight before normalisation of the miner at `rank` (0 = least reward) among `count` with a reward
/// above [`LEAST_REWARD`] (`strip_sigmoid` in `_set_weights`, `neurons/validator/validator.py`).
pub fn weight(rank: usize, count: usize) -> f64 {
    let from_middle = rank as f64 - count as f64 / 2.0;
    0.003 + 0.005 / (1.0 + (-0.06 * from_middle).exp())
}

/// Probability of acceptance above which sending beats skipping, for a miner whose share of accepted
/// answers is `accepted_share` (0..=1, clamped).
///
/// A rejection costs the penalty of two cooldowns more than a skip, and in each of these slots the
/// miner would have had `accepted_share` of an acceptance: send if `p > 2q(1 − p)`, so above
/// `2q / (1 + 2q)`.
pub fn submit_threshold(accepted_share: f64) -> f64 {
    let share = if accepted_share.is_nan() {
        0.0
    } else {
        accepted_share.clamp(0.0, 1.0)
    };
    2.0 * share / (1.0 + 2.0 * share)
}

/// Whether to send a result that is accepted with `probability`; see [`submit_threshold`].
pub fn should_submit(probability: f64, accepted_share: f64) -> bool {
    probability > submit_threshold(accepted_share)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reward_is_count_times_rating() {
        assert_eq!(reward(12, 1510.5), 18_126.0);
        assert_eq!(reward(0, 3000.0), 0.0);
    }

    #[test]
    fn weights_spread_by_the_known_factors() {
        let (least, median, best) = (weight(0, 200), weight(100, 200), weight(199, 200));
        assert!((best / least - 2.65).abs() < 0.01, "{}", best / least);
        assert!((median / least - 1.83).abs() < 0.01, "{}", median / least);
        assert!((1..200).all(|rank| weight(rank, 200) > weight(rank - 1, 200)));
    }

    #[test]
    fn the_threshold_rises_with_what_a_slot_is_worth() {
        assert!((submit_threshold(0.6) - 0.545).abs() < 1e-3);
        assert!((submit_threshold(0.9) - 0.643).abs() < 1e-3);
        assert_eq!(submit_threshold(0.0), 0.0);
        assert_eq!(submit_threshold(f64::NAN), 0.0);
        assert_eq!(submit_threshold(7.0), submit_threshold(1.0));
    }

    #[test]
    fn sending_pays_only_above_it() {
        assert!(should_submit(0.65, 0.9));
        assert!(!should_submit(0.64, 0.9));
        assert!(!should_submit(f64::NAN, 0.5));
    }
}
