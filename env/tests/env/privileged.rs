//! What a privileged learner sees, and that nothing else changes for it.

use super::*;
use offhook_env::call::privileged::HiddenFeatures;

/// The level of a feature of one row.
fn level_at<'l>(
    layout: &'l offhook_env::belief::layout::Layout,
    row: &[u8],
    feature: &str,
) -> &'l str {
    let position = layout.feature(feature).expect("a feature of the layout");
    &layout.features[position].levels[row[position] as usize]
}

#[test]
fn a_privileged_batch_plays_the_same_calls_and_shows_the_plain_observation_first() {
    let mut plain = CallBatch::new(world(), 8, 0);
    let mut told = CallBatch::privileged(world(), 8, 0);
    let (n, m) = (plain.layout().n_features(), told.layout().n_features());
    assert_eq!(told.layout().n_observed(), n);
    assert_eq!(told.layout().observed(), *plain.layout());
    assert_eq!(plain.layout().observed(), *plain.layout());
    let (mut seen, mut more) = (StepBatch::default(), StepBatch::default());
    plain.reset(3, Stream::Train, &mut seen);
    told.reset(3, Stream::Train, &mut more);
    let mut n_ended = 0;
    for step in 0..200u64 {
        let rows = seen.codes.chunks(n).zip(more.codes.chunks(m));
        for (row, longer) in rows {
            assert_eq!(*row, longer[..n]);
        }
        for (code, feature) in more
            .codes
            .chunks(m)
            .flat_map(|row| row.iter().zip(&told.layout().features))
        {
            assert!((*code as usize) < feature.levels.len(), "{}", feature.name);
        }
        assert_eq!(
            (&seen.masks, &seen.rewards, &seen.ended),
            (&more.masks, &more.rewards, &more.ended)
        );
        for (slot, _) in &seen.ended {
            let slot = *slot as usize;
            assert_eq!(
                seen.final_codes[slot * n..][..n],
                more.final_codes[slot * m..][..n]
            );
        }
        n_ended += seen.ended.len();
        let actions: Vec<_> = (0..8)
            .map(|slot| {
                let uniform = uniform_at(1, Stream::Act, slot, step);
                RandomPolicy.sample(
                    seen.observation(slot as usize, n),
                    plain.layout().n_actions(),
                    uniform,
                )
            })
            .collect();
        plain.step(&actions, &mut seen);
        told.step(&actions, &mut more);
    }
    assert!(n_ended > 100, "{n_ended}");
    let fork = told.fork(&[1], 4, &mut seen);
    assert_eq!((fork.layout(), seen.codes.len()), (told.layout(), m));
}

#[test]
fn hidden_codes_tell_the_truth() {
    let world = world();
    let hidden = HiddenFeatures::new(&world.scenario);
    let mut row = vec![0; hidden.layout().n_features()];
    let (mut n_right, n_calls) = (0, 200);
    for episode in 0..n_calls {
        let call = Call::start(&world, 5, Stream::Train, episode);
        hidden.copy_codes(&world, &call, &mut row);
        let truth = call.customer();
        let person = if truth.right_person {
            "right"
        } else {
            "another"
        };
        assert_eq!(level_at(hidden.layout(), &row, "hidden_person"), person);
        let slot = &world.scenario.names.slots[0];
        let value = level_at(hidden.layout(), &row, &format!("hidden_slot.{slot}"));
        assert_eq!(
            value,
            world.scenario.slots[0].values[truth.slots[0] as usize]
        );
        assert_eq!(level_at(hidden.layout(), &row, "hidden_patience"), "8/8");
        n_right += u64::from(truth.right_person);
    }
    assert!(n_right > n_calls / 2 && n_right < n_calls);
}
