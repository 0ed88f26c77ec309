//! How often the line gets a turn wrong, in data and in a channel.

use offhook_env::act::{NBest, NONE, UserAct, UserActKind, Utterance};
use offhook_env::call::customer::Channel;
use offhook_env::rng::Rng;

/// Share of turns whose first reading is not exactly the set of acts that were said; silence and
/// unrelated talk count as nothing on both sides. `None` without turns.
pub fn act_error_rate(turns: impl IntoIterator<Item = (Utterance, NBest)>) -> Option<f64> {
    let (mut n, mut n_wrong) = (0u64, 0u64);
    for (said, heard) in turns {
        let read = heard
            .hypotheses()
            .first()
            .map_or(Utterance::SILENCE, |h| h.utterance);
        n += 1;
        n_wrong += u64::from(acts_of(&said) != acts_of(&read));
    }
    (n > 0).then(|| n_wrong as f64 / n as f64)
}

/// The same rate of a channel, sampled once for each utterance of `said`; `difficulty` 1 is a
/// customer as measured.
pub fn channel_error_rate(
    channel: &dyn Channel,
    said: impl IntoIterator<Item = Utterance>,
    difficulty: u8,
    rng: &mut Rng,
) -> Option<f64> {
    act_error_rate(said.into_iter().map(|said| {
        let mut heard = NBest::EMPTY;
        channel.transmit(&said, difficulty, rng, &mut heard);
        (said, heard)
    }))
}

/// The acts that matter, as a sorted set.
fn acts_of(utterance: &Utterance) -> Vec<(UserActKind, u8, u8)> {
    let matters = utterance.acts().iter().filter(|act| !is_quiet(act));
    let mut acts: Vec<_> = matters
        .map(|act| {
            (
                act.kind,
                act.about,
                if act.about == NONE { NONE } else { act.value },
            )
        })
        .collect();
    acts.sort_unstable();
    acts.dedup();
    acts
}

/// Nothing was said that matters, so that hearing nothing is right.
pub(super) fn is_quiet(act: &UserAct) -> bool {
    matches!(act.kind, UserActKind::Silence | UserActKind::Unrelated)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_error_rate_compares_sets_and_forgives_noise() {
        let yes = UserAct::new(UserActKind::Affirm);
        let stray = UserAct::new(UserActKind::Unrelated);
        let read = |acts: &[UserAct]| -> NBest {
            let utterance = acts.iter().copied().collect();
            [offhook_env::act::Hypothesis {
                utterance,
                confidence: 0.5,
            }]
            .into_iter()
            .collect()
        };
        let right = (Utterance::from_iter([stray, yes]), read(&[yes]));
        let wrong = (Utterance::from(yes), NBest::EMPTY);
        assert_eq!(act_error_rate([right]), Some(0.0));
        assert_eq!(act_error_rate([right, wrong]), Some(0.5));
        assert_eq!(act_error_rate([]), None);
    }
}
