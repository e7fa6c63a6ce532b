//! Sign-ins: who signed in and until when, as text that only the holder of the key can make.
//!
//! Owns the format and its version. Nothing is kept: any server with the key understands a sign-in,
//! after a restart too. A sign-in ends with its time, and with the token that it was made with.
//!
//! The format: base64url without padding of AES-SIV (RFC 5297, AES-128), as cursors are. Sealed
//! are the version, the token's fingerprint (16 bytes), the end in milliseconds (8 bytes, most
//! significant first) and the principal's name.

use crate::credential::Credential;
use crate::principal::{MAX_NAME, Principal, PrincipalName};
use crate::principals::Principals;
use aes_siv::KeyInit;
use aes_siv::siv::{Aes128Siv, IV_SIZE};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use protocol::{Authentication, Code, Timestamp};
use sha2::{Digest, Sha256};
use std::fmt;
use std::time::Duration;
use subtle::ConstantTimeEq;

/// The only version so far.
const VERSION: u8 = 1;
/// What everything sealed here is for, and nothing sealed elsewhere.
const CONTEXT: &[u8] = b"yoi sign-in";
/// The version, the fingerprint, the end.
const HEAD_LEN: usize = 1 + 16 + 8;
/// The most bytes of what is sealed.
const MAX_LEN: usize = IV_SIZE + HEAD_LEN + MAX_NAME;

/// A secret that seals sign-ins. All who share it understand each other's.
#[derive(Clone)]
pub struct SessionKey([u8; 32]);

impl SessionKey {
    /// The key for sign-ins that follows from a secret. The secret may seal other things as well:
    /// neither key follows from the other.
    #[must_use]
    pub fn derive(secret: &[u8; 32]) -> SessionKey {
        let mut hash = Sha256::new_with_prefix(b"yoi key for sign-ins 1\0");
        hash.update(secret);
        SessionKey(hash.finalize().into())
    }

    fn cipher(&self) -> Aes128Siv {
        Aes128Siv::new(&self.0.into())
    }
}

impl fmt::Debug for SessionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionKey(..)")
    }
}

/// Why a text is no sign-in here. Whoever presented it is only told to sign in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SessionError {
    /// Not the text of any sign-in.
    #[error("not the text of a sign-in")]
    Malformed,
    /// Altered, or made with another key.
    #[error("not a sign-in that was made here")]
    Refused,
    /// Made by a version that this one does not know.
    #[error("a sign-in of unknown version {0}")]
    Version(u8),
    /// It has ended.
    #[error("the sign-in has ended")]
    Expired,
    /// The principal is gone, or has another token.
    #[error("the principal is gone, or has another token")]
    Revoked,
}

impl SessionError {
    /// What is told.
    #[must_use]
    pub fn code(&self) -> Code {
        Code::Unauthenticated
    }

    /// Whether showing it again may succeed: never.
    #[must_use]
    pub fn retry(&self) -> protocol::Retry {
        protocol::Retry::No
    }
}

/// Makes sign-ins with one key, and understands those of older ones.
#[derive(Clone, Debug)]
pub struct Sessions {
    current: SessionKey,
    older: Vec<SessionKey>,
    lifetime: Duration,
}

impl Sessions {
    /// How long a sign-in lasts where nobody says.
    pub const LIFETIME: Duration = Duration::from_secs(12 * 60 * 60);

    /// Seals with `current`; opens with it, then with each of `older`.
    #[must_use]
    pub fn new(current: SessionKey, older: Vec<SessionKey>, lifetime: Duration) -> Sessions {
        Sessions { current, older, lifetime }
    }

    /// How long a sign-in lasts.
    #[must_use]
    pub fn lifetime(&self) -> Duration {
        self.lifetime
    }

    /// A sign-in of `principal`, and when it ends.
    #[must_use]
    pub fn seal(&self, principal: &Principal, now: Timestamp) -> (String, Timestamp) {
        let lifetime = i64::try_from(self.lifetime.as_millis()).unwrap_or(i64::MAX);
        let end = Timestamp::from_millis(now.as_millis().saturating_add(lifetime));
        let mut body = vec![VERSION];
        body.extend_from_slice(&principal.fingerprint());
        body.extend_from_slice(&end.as_millis().to_be_bytes());
        body.extend_from_slice(principal.name().as_str().as_bytes());
        // Cannot fail with a single header. If it did, the tag would be zero: no sign-in at all.
        let made = self.current.cipher().encrypt_inout_detached([CONTEXT], body.as_mut_slice().into());
        let mut sealed = vec![0; IV_SIZE];
        if let Ok(tag) = made {
            sealed.copy_from_slice(&tag);
        }
        sealed.append(&mut body);
        (URL_SAFE_NO_PAD.encode(sealed), end)
    }

    /// Who signed in with `text`, if that still counts.
    ///
    /// # Errors
    /// When it is no sign-in, has ended, or its principal has no longer the token it was made with.
    pub fn open(&self, principals: &Principals, text: &str, now: Timestamp) -> Result<Credential, SessionError> {
        if text.len() > MAX_LEN.div_ceil(3) * 4 {
            return Err(SessionError::Malformed);
        }
        let sealed = URL_SAFE_NO_PAD.decode(text).map_err(|_| SessionError::Malformed)?;
        if sealed.len() <= IV_SIZE + HEAD_LEN {
            return Err(SessionError::Malformed);
        }
        let keys = std::iter::once(&self.current).chain(&self.older);
        let plain = keys.filter_map(|key| open(key, &sealed)).next().ok_or(SessionError::Refused)?;
        let (fingerprint, end, name) = read(&plain)?;
        if end <= now {
            return Err(SessionError::Expired);
        }
        let principal = principals.by_name(&name).ok_or(SessionError::Revoked)?;
        if !bool::from(principal.fingerprint().ct_eq(&fingerprint)) {
            return Err(SessionError::Revoked);
        }
        Ok(Credential { expires_at: Some(end), ..Credential::new(principal, Authentication::Cookie) })
    }
}

fn open(key: &SessionKey, sealed: &[u8]) -> Option<Vec<u8>> {
    let (tag, body) = sealed.split_at_checked(IV_SIZE)?;
    let mut body = body.to_vec();
    key.cipher().decrypt_inout_detached([CONTEXT], body.as_mut_slice().into(), tag.try_into().ok()?).ok()?;
    Some(body)
}

fn read(plain: &[u8]) -> Result<([u8; 16], Timestamp, PrincipalName), SessionError> {
    let (version, rest) = plain.split_first().ok_or(SessionError::Malformed)?;
    if *version != VERSION {
        return Err(SessionError::Version(*version));
    }
    let (fingerprint, rest) = rest.split_first_chunk::<16>().ok_or(SessionError::Malformed)?;
    let (end, name) = rest.split_first_chunk::<8>().ok_or(SessionError::Malformed)?;
    let name = std::str::from_utf8(name).ok().and_then(|name| name.parse().ok()).ok_or(SessionError::Malformed)?;
    Ok((*fingerprint, Timestamp::from_millis(i64::from_be_bytes(*end)), name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::labels::Selector;
    use crate::token::TokenHash;
    use proptest::prelude::*;
    use protocol::Role;

    fn now() -> Timestamp {
        Timestamp::from_millis(1_760_000_000_000)
    }

    fn principals(token: &[u8]) -> Principals {
        let ann = Principal::new("ann".parse().unwrap(), Role::Viewer, Selector::default(), TokenHash::of(token));
        Principals::new([ann]).unwrap()
    }

    fn sessions(keys: &[u8]) -> Sessions {
        let mut keys = keys.iter().map(|n| SessionKey::derive(&[*n; 32]));
        Sessions::new(keys.next().unwrap(), keys.collect(), Sessions::LIFETIME)
    }

    fn signed_in() -> (String, Timestamp) {
        let principals = principals(b"1");
        let ann = principals.iter().next().unwrap();
        sessions(&[1]).seal(ann, now())
    }

    #[test]
    fn lasts_for_its_time_and_no_longer() {
        let (cookie, end) = signed_in();
        assert_eq!(end.as_millis() - now().as_millis(), 12 * 3_600_000);
        let opened = sessions(&[1]).open(&principals(b"1"), &cookie, now()).unwrap();
        assert_eq!((opened.principal.name().as_str(), opened.authentication.as_str()), ("ann", "cookie"));
        assert_eq!((opened.expires_at, opened.has_expired(now()), opened.has_expired(end)), (Some(end), false, true));
        let last = Timestamp::from_millis(end.as_millis() - 1);
        assert!(sessions(&[1]).open(&principals(b"1"), &cookie, last).is_ok());
        assert_eq!(sessions(&[1]).open(&principals(b"1"), &cookie, end).err(), Some(SessionError::Expired));
    }

    #[test]
    fn ends_with_the_token_and_with_the_principal() {
        let (cookie, _) = signed_in();
        for principals in [principals(b"2"), Principals::default()] {
            assert_eq!(sessions(&[1]).open(&principals, &cookie, now()).err(), Some(SessionError::Revoked));
        }
    }

    #[test]
    fn older_keys_still_open() {
        let (cookie, _) = signed_in();
        assert!(sessions(&[2, 1]).open(&principals(b"1"), &cookie, now()).is_ok());
        assert_eq!(sessions(&[2]).open(&principals(b"1"), &cookie, now()).err(), Some(SessionError::Refused));
        assert_eq!(format!("{:?}", SessionKey::derive(&[1; 32])), "SessionKey(..)");
    }

    proptest! {
        #[test]
        fn no_other_text_is_one(at in 0usize..100, bit in 0u8..8, text in "[A-Za-z0-9_-]{0,160}|\\PC{0,20}") {
            let (cookie, _) = signed_in();
            let mut sealed = URL_SAFE_NO_PAD.decode(&cookie).unwrap();
            let at = at % sealed.len();
            sealed[at] ^= 1 << bit;
            let altered = sessions(&[1]).open(&principals(b"1"), &URL_SAFE_NO_PAD.encode(sealed), now());
            prop_assert_eq!(altered.err(), Some(SessionError::Refused));
            prop_assert!(sessions(&[1]).open(&principals(b"1"), &text, now()).is_err());
        }
    }
}
