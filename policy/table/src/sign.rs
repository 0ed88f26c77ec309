//! Detached Ed25519 signatures (RFC 8032) over the bytes of a table file, in any format.
//!
//! Keys are PEM as OpenSSL reads and writes them (PKCS#8 and SPKI, RFC 8410); a signature is its 64
//! bytes. `openssl pkeyutl -verify -pubin -inkey KEY.pub -rawin -in TABLE -sigfile SIG` checks the
//! same thing.

use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use ed25519_dalek::pkcs8::{
    DecodePrivateKey, DecodePublicKey, EncodePrivateKey, EncodePublicKey, KeypairBytes,
};
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use thiserror::Error;

/// Bytes of a signature.
pub const SIGNATURE_BYTES: usize = 64;

/// Why nothing was signed, or a signature does not hold.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SignError {
    /// The operating system gave no random numbers.
    #[error("no key was made, since the operating system gave no random numbers: {0}")]
    Entropy(String),
    /// The text is no key of that kind.
    #[error(
        "found no {kind} key, expected Ed25519 as PEM ({reason}); `offhook table keygen` makes a \
         pair"
    )]
    Key {
        /// `private` or `public`.
        kind: &'static str,
        /// The parser's words.
        reason: String,
    },
    /// The bytes are no signature.
    #[error("the signature has {found} bytes, expected {SIGNATURE_BYTES}; is it the right file?")]
    Length {
        /// Bytes found.
        found: usize,
    },
    /// Signature, file and key do not belong together.
    #[error(
        "the signature does not hold: the file was changed after it was signed, or it was signed \
         with another key; get file and signature again from who signed it"
    )]
    Forged,
}

/// A fresh pair of keys, as PEM.
#[derive(Clone, PartialEq, Eq)]
pub struct KeyPair {
    /// Signs; to be kept secret.
    pub private: String,
    /// Verifies; to be handed out.
    pub public: String,
}

/// Makes a pair of keys from the entropy of the operating system.
///
/// # Errors
/// [`SignError::Entropy`] if it has none.
pub fn generate_keys() -> Result<KeyPair, SignError> {
    let mut secret = [0; 32];
    getrandom::fill(&mut secret).map_err(|error| SignError::Entropy(error.to_string()))?;
    keys_of(secret)
}

fn keys_of(secret: [u8; 32]) -> Result<KeyPair, SignError> {
    let key = SigningKey::from_bytes(&secret);
    // Without the public half, since OpenSSL does not read the form that has it.
    let private = KeypairBytes {
        secret_key: secret,
        public_key: None,
    };
    let private = private
        .to_pkcs8_pem(LineEnding::LF)
        .map_err(|e| SignError::Key {
            kind: "private",
            reason: e.to_string(),
        })?;
    let public = key.verifying_key().to_public_key_pem(LineEnding::LF);
    let public = public.map_err(|e| SignError::Key {
        kind: "public",
        reason: e.to_string(),
    })?;
    Ok(KeyPair {
        private: private.to_string(),
        public,
    })
}

/// Signs bytes with a private key.
///
/// # Errors
/// [`SignError::Key`] if the text is none.
pub fn sign(bytes: &[u8], private: &str) -> Result<[u8; SIGNATURE_BYTES], SignError> {
    let key = SigningKey::from_pkcs8_pem(private).map_err(|e| SignError::Key {
        kind: "private",
        reason: e.to_string(),
    })?;
    Ok(key.sign(bytes).to_bytes())
}

/// Checks that a signature over exactly these bytes was made with the private half of a public key.
///
/// # Errors
/// [`SignError`] if not, or if key or signature are none.
pub fn check_signature(bytes: &[u8], signature: &[u8], public: &str) -> Result<(), SignError> {
    let key = VerifyingKey::from_public_key_pem(public).map_err(|e| SignError::Key {
        kind: "public",
        reason: e.to_string(),
    })?;
    let signature = Signature::from_slice(signature).map_err(|_| SignError::Length {
        found: signature.len(),
    })?;
    // Strict: no weak keys, and one signature per message and key.
    key.verify_strict(bytes, &signature)
        .map_err(|_| SignError::Forged)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::random_table;

    fn bytes_of(hex: &str) -> Vec<u8> {
        (0..hex.len())
            .step_by(2)
            .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap())
            .collect()
    }

    #[test]
    fn signatures_are_those_of_rfc_8032() {
        // Section 7.1, test 2.
        let secret = "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb";
        let expected = "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da\
                        085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00";
        let keys = keys_of(bytes_of(secret).try_into().unwrap()).unwrap();
        let signature = sign(&[0x72], &keys.private).unwrap();
        assert_eq!(signature.to_vec(), bytes_of(expected));
        assert_eq!(check_signature(&[0x72], &signature, &keys.public), Ok(()));
    }

    #[test]
    fn any_change_of_file_signature_or_key_is_found() {
        let keys = generate_keys().unwrap();
        let file = random_table(1, 20, 4).to_json().into_bytes();
        let signature = sign(&file, &keys.private).unwrap();
        assert_eq!(check_signature(&file, &signature, &keys.public), Ok(()));
        for at in [0, file.len() / 2, file.len() - 1] {
            let mut changed = file.clone();
            changed[at] ^= 1;
            let checked = check_signature(&changed, &signature, &keys.public);
            assert_eq!(checked, Err(SignError::Forged));
        }
        for at in [0, 31, 32, 63] {
            let mut changed = signature;
            changed[at] ^= 1;
            let checked = check_signature(&file, &changed, &keys.public);
            assert_eq!(checked, Err(SignError::Forged));
        }
        let other = generate_keys().unwrap();
        assert!(other != keys);
        let checked = check_signature(&file, &signature, &other.public);
        assert_eq!(checked, Err(SignError::Forged));
    }

    #[test]
    fn what_is_no_key_or_no_signature_is_called_so() {
        let keys = generate_keys().unwrap();
        let swapped = sign(b"x", &keys.public).unwrap_err();
        assert!(
            swapped.to_string().starts_with("found no private key"),
            "{swapped}"
        );
        let swapped = check_signature(b"x", &[0; 64], &keys.private).unwrap_err();
        assert!(
            swapped.to_string().starts_with("found no public key"),
            "{swapped}"
        );
        let short = check_signature(b"x", &[0; 63], &keys.public);
        assert_eq!(short, Err(SignError::Length { found: 63 }));
    }
}
