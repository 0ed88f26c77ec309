//! A release as the bytes of its file.

use offhook_env::diagnostic::Text;
use offhook_env::scenario::ScenarioText;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{Figure, Judgment, Proofs, Release, ReleaseContent, ReleaseError, SCHEMA};
use crate::format;
use crate::table::document::{Document, DocumentView, compact, sorted};
use crate::table::{Provenance, hex, shorten};

/// Most bytes that a release is read from.
pub const MAX_BYTES: usize = format::MAX_BYTES;

/// What every release begins with.
const FORMAT: &str = "offhook release";

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Envelope<C> {
    format: String,
    schema: u32,
    content: C,
    checksum: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    signature: Option<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Content<T> {
    scenario: Texts,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    channel: Option<String>,
    table: T,
    proofs: Proofs,
    figures: Vec<Figure>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    verdict: Option<Judgment>,
    provenance: Provenance,
}

/// A scenario's texts.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Texts {
    text: String,
    library: Vec<Part>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tracker: Option<String>,
}

/// An included sub-process.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Part {
    name: String,
    text: String,
}

/// Only the version, so that a file of another version is called that.
#[derive(Deserialize)]
struct Version {
    schema: u64,
}

impl Release {
    /// Whether bytes look like those of a release, to tell them from a table's.
    #[must_use]
    pub fn is(bytes: &[u8]) -> bool {
        bytes.starts_with(format!("{{\"format\":\"{FORMAT}\"").as_bytes())
    }

    /// Reads a release, checks every byte of it and proves it again; any bytes are safe.
    ///
    /// # Errors
    /// [`ReleaseError`] with what was found and what was expected. Whether it is signed by the right key is another
    /// question: `check_signature` (feature `sign`).
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ReleaseError> {
        if bytes.len() > MAX_BYTES {
            let (found, limit) = (bytes.len(), MAX_BYTES);
            return Err(ReleaseError::TooLarge { found, limit });
        }
        let Envelope {
            content,
            checksum: found,
            signature,
            ..
        } = parse(bytes)?;
        let computed = checksum(compact(&content).as_bytes());
        if found != computed {
            let found = shorten(&found);
            return Err(ReleaseError::Checksum { found, computed });
        }
        let (scenario, table) = (content.scenario.into_text(), content.table.open_whole()?);
        let mut release = Self::new(
            table,
            ReleaseContent {
                scenario,
                channel: content.channel,
                figures: content.figures,
                verdict: content.verdict,
                provenance: content.provenance,
            },
        )?;
        release.signature = signature.map(|hex| bytes_of(&hex)).transpose()?;
        match release.to_bytes() == bytes {
            true => Ok(release),
            false => Err(ReleaseError::Altered),
        }
    }

    /// The file, the same bytes for the same release.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let envelope = Envelope {
            format: FORMAT.to_owned(),
            schema: SCHEMA,
            content: self.document(),
            checksum: self.checksum.clone(),
            signature: self.signature.as_deref().map(hex),
        };
        let mut text = compact(&envelope);
        text.push('\n');
        text.into_bytes()
    }

    /// The bytes that checksum and signature are over.
    pub(super) fn content_bytes(&self) -> Vec<u8> {
        compact(&self.document()).into_bytes()
    }

    fn document(&self) -> Content<DocumentView<'_>> {
        let mut table = DocumentView::of(&self.table);
        table.checksum = Some(self.table.checksum().to_owned());
        Content {
            scenario: Texts::of(&self.content.scenario),
            channel: self.content.channel.clone(),
            table,
            proofs: self.proofs.clone(),
            figures: self.content.figures.clone(),
            verdict: self.content.verdict.clone(),
            provenance: sorted(&self.content.provenance),
        }
    }
}

fn parse(bytes: &[u8]) -> Result<Envelope<Content<Document>>, ReleaseError> {
    let read: Result<Envelope<Content<Document>>, _> = serde_json::from_slice(bytes);
    let version = match &read {
        Ok(envelope) => u64::from(envelope.schema),
        Err(_) => serde_json::from_slice(bytes).map_or(u64::from(SCHEMA), |v: Version| v.schema),
    };
    if version != u64::from(SCHEMA) {
        let (found, expected) = (version, SCHEMA);
        return Err(ReleaseError::Version { found, expected });
    }
    let envelope = read.map_err(|e| {
        // A parser quotes what it found, which may be most of the file.
        ReleaseError::Syntax(e.to_string().chars().take(300).collect())
    })?;
    match envelope.format == FORMAT {
        true => Ok(envelope),
        false => {
            let found = shorten(&envelope.format);
            Err(ReleaseError::Syntax(format!(
                "format is '{found}', expected '{FORMAT}'"
            )))
        }
    }
}

impl Texts {
    fn of(text: &ScenarioText) -> Self {
        let part = |(name, part): &(String, Text)| Part {
            name: name.clone(),
            text: part.text.clone(),
        };
        Self {
            text: text.main.text.clone(),
            library: text.library.iter().map(part).collect(),
            tracker: text.tracker.as_ref().map(|tables| tables.text.clone()),
        }
    }

    fn into_text(self) -> ScenarioText {
        let part = |part: Part| {
            let (file, text) = (String::new(), part.text);
            (part.name, Text { file, text })
        };
        let tables = |text: String| {
            let file = String::new();
            Text { file, text }
        };
        ScenarioText {
            tracker: self.tracker.map(tables),
            library: self.library.into_iter().map(part).collect(),
            ..ScenarioText::new("", self.text)
        }
    }
}

/// Names texts by what they are, so that a release is the same wherever they lay.
pub(super) fn name_texts(text: &mut ScenarioText) {
    text.main.file = "scenario.toml".to_owned();
    if let Some(tables) = &mut text.tracker {
        tables.file = "tracker.json".to_owned();
    }
    for (name, part) in &mut text.library {
        part.file = format!("library/{name}.toml");
    }
}

pub(super) fn checksum(content: &[u8]) -> String {
    hex(&Sha256::digest(content))
}

fn bytes_of(hex: &str) -> Result<Vec<u8>, ReleaseError> {
    let no_signature = || ReleaseError::Syntax("the signature is no hexadecimal number".to_owned());
    if hex.len() > 1024 || !hex.len().is_multiple_of(2) || !hex.is_ascii() {
        return Err(no_signature());
    }
    let pair = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).map_err(|_| no_signature());
    (0..hex.len()).step_by(2).map(pair).collect()
}
