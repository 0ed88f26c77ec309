//! A section that holds settings of its own beside those of one learner, as `[reinforcement]` does:
//! `evaluate_every = 10` stands beside `[reinforcement.ppo]`.
//!
//! Which learners there are is the list's business ([`LearnerList`]), so that a new one needs no word here.

use std::fmt;

use offhook_policy::learner::config::LearnerList;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, Visitor};
use serde::{Deserialize, forward_to_deserialize_any};

/// Settings `S` of a section and the learners of the list `L` that stand in it, of which there should be
/// exactly one.
#[derive(Clone, Debug)]
pub struct WithLearner<S, L> {
    /// The section's own settings.
    pub own: S,
    learners: Vec<L>,
}

impl<S, L: LearnerList> WithLearner<S, L> {
    /// The learner; `None` only in a section in which there is none, which is a mistake.
    pub fn learner(&self) -> Option<&L> {
        self.learners.first()
    }

    /// The same, to be changed.
    pub fn learner_mut(&mut self) -> Option<&mut L> {
        self.learners.first_mut()
    }

    /// All that stand in the section.
    pub(super) fn learners(&self) -> &[L] {
        &self.learners
    }

    /// What is wrong with the section called `name`, unless there is exactly one learner in it.
    pub(super) fn mistake(&self, name: &str) -> Option<String> {
        let names = L::names();
        let all = match names.split_last() {
            Some((last, others)) if !others.is_empty() => {
                format!("{} and {last}", others.join(", "))
            }
            _ => names.concat(),
        };
        (self.learners.len() != 1).then(|| format!("[{name}] needs exactly one of {all}"))
    }
}

impl<'de, S: Deserialize<'de>, L: LearnerList> Deserialize<'de> for WithLearner<S, L> {
    fn deserialize<D: Deserializer<'de>>(section: D) -> Result<Self, D::Error> {
        let mut learners = Vec::new();
        let own = S::deserialize(OwnSettings {
            section,
            learners: &mut learners,
        })?;
        Ok(Self { own, learners })
    }
}

/// The section as its own settings see it: without the learners, which are put aside.
struct OwnSettings<'l, D, L> {
    section: D,
    learners: &'l mut Vec<L>,
}

impl<'de, D: Deserializer<'de>, L: LearnerList> Deserializer<'de> for OwnSettings<'_, D, L> {
    type Error = D::Error;

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        let (section, learners) = (self.section, self.learners);
        let entries = OwnEntries {
            inner: visitor,
            fields,
            learners,
        };
        section.deserialize_struct(name, fields, entries)
    }

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, D::Error> {
        Err(Error::custom("a section's own settings are a struct"))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf option unit
        unit_struct newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

/// The entries of the section as its own settings see them; also their visitor.
struct OwnEntries<'l, I, L> {
    inner: I,
    fields: &'static [&'static str],
    learners: &'l mut Vec<L>,
}

impl<'de, V: Visitor<'de>, L: LearnerList> Visitor<'de> for OwnEntries<'_, V, L> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.expecting(f)
    }

    fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<V::Value, A::Error> {
        self.inner.visit_map(OwnEntries {
            inner: entries,
            fields: self.fields,
            learners: self.learners,
        })
    }
}

impl<'de, A: MapAccess<'de>, L: LearnerList> MapAccess<'de> for OwnEntries<'_, A, L> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        mut own: K,
    ) -> Result<Option<K::Value>, A::Error> {
        loop {
            let key = KeySeed {
                own,
                fields: self.fields,
                learners: L::names(),
            };
            match self.inner.next_key_seed(key)? {
                None => return Ok(None),
                Some(Key::Own(key)) => return Ok(Some(key)),
                Some(Key::Learner(name, unused)) => {
                    let settings = LearnerSeed(name, self.learners);
                    self.inner.next_value_seed(settings)?;
                    own = unused;
                }
            }
        }
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, own: T) -> Result<T::Value, A::Error> {
        self.inner.next_value_seed(own)
    }
}

/// A key of the section: a setting of its own, or a learner, for which the seed was of no use.
enum Key<T, K> {
    Own(T),
    Learner(&'static str, K),
}

/// Tells the section's own keys from learners, and from what is neither.
struct KeySeed<K> {
    own: K,
    fields: &'static [&'static str],
    learners: Vec<&'static str>,
}

impl<'de, K: DeserializeSeed<'de>> DeserializeSeed<'de> for KeySeed<K> {
    type Value = Key<K::Value, K>;

    fn deserialize<D: Deserializer<'de>>(self, key: D) -> Result<Self::Value, D::Error> {
        key.deserialize_identifier(self)
    }
}

impl<'de, K: DeserializeSeed<'de>> Visitor<'de> for KeySeed<K> {
    type Value = Key<K::Value, K>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E: Error>(self, key: &str) -> Result<Self::Value, E> {
        if let Some(name) = self.learners.iter().find(|name| **name == key) {
            return Ok(Key::Learner(name, self.own));
        }
        if self.fields.contains(&key) {
            let key = serde::de::value::StrDeserializer::<E>::new(key);
            return self.own.deserialize(key).map(Key::Own);
        }
        let known = self.fields.iter().chain(&self.learners);
        let known: Vec<String> = known.map(|name| format!("`{name}`")).collect();
        let known = known.join(", ");
        Err(E::custom(format!(
            "unknown field `{key}`, expected one of {known}"
        )))
    }
}

/// Reads the settings of the learner of that name and puts them with the others.
struct LearnerSeed<'l, L>(&'static str, &'l mut Vec<L>);

impl<'de, L: LearnerList> DeserializeSeed<'de> for LearnerSeed<'_, L> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, settings: D) -> Result<(), D::Error> {
        self.1.push(L::read(self.0, settings)?);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use offhook_env::diagnostic::Source;
    use offhook_policy::learner::config::LearnerConfig;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code, reason = "only read")]
    struct Own {
        every: u64,
        #[serde(default)]
        quick: bool,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct File {
        stage: WithLearner<Own, LearnerConfig>,
    }

    /// Line, column and message of each mistake.
    type Mistakes = Vec<(usize, usize, String)>;

    fn read(text: &str) -> Result<WithLearner<Own, LearnerConfig>, Mistakes> {
        let mut source = Source::new("f.toml", text);
        let file: Option<File> = source.parse();
        match source.finish() {
            Ok(()) => Ok(file.expect("no mistake").stage),
            Err(mistakes) => {
                let place = |d: offhook_env::diagnostic::Diagnostic| (d.line, d.column, d.message);
                Err(mistakes.list.into_iter().map(place).collect())
            }
        }
    }

    #[test]
    fn a_learner_stands_beside_the_sections_own_settings() {
        let text = "[stage]\nevery = 3\n[stage.sarsa]\nlambda = 0.5\n";
        let section = read(text).expect("one learner");
        assert_eq!(section.own.every, 3);
        assert!(matches!(section.learner(), Some(LearnerConfig::Sarsa(c)) if c.lambda == 0.5));
        assert_eq!(section.mistake("stage"), None);
    }

    #[test]
    fn none_and_two_are_mistakes() {
        let wrong = Some("[stage] needs exactly one of ppo, dqn, q_learning and sarsa".to_owned());
        let none = read("[stage]\nevery = 3\n").expect("readable");
        assert_eq!(none.mistake("stage"), wrong);
        let two = read("[stage]\nevery = 3\nppo = {}\ndqn = {}\n").expect("readable");
        assert_eq!(two.mistake("stage"), wrong);
    }

    #[test]
    fn every_unknown_key_is_placed_and_answered_with_those_there_are() {
        let text = "[stage]\nevery = 3\nevry = 4\n[stage.pppo]\n[stage.ppo]\nsteps = 1\n";
        let found = read(text).expect_err("three mistakes");
        let places: Vec<_> = found
            .iter()
            .map(|(line, column, _)| (*line, *column))
            .collect();
        assert_eq!(places, [(3, 1), (4, 8), (6, 1)], "{found:#?}");
        let known = "unknown field `evry`, expected one of `every`, `quick`, `ppo`, `dqn`, `q_learning`, `sarsa`";
        assert!(found[0].2.ends_with(known), "{found:#?}");
        assert!(found[2].2.contains("unknown field `steps`"), "{found:#?}");
    }
}
