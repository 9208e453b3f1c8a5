//! The key file `device.key`: the data key, wrapped once by the passphrase and once by the recovery code.

use std::fmt;
use std::path::Path;

use argon2::{Algorithm, Argon2, Params, Version};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

use super::StoreError;
use super::files::{self, At};
use super::seal::{KEY, Key, Sealer, random};

/// The version of the key file this program writes and reads.
const VERSION: u32 = 1;
/// The most a key file may ask of us; a damaged or hostile one would otherwise exhaust the machine.
const MOST: KeyCost = KeyCost { memory_kib: 1 << 20, passes: 100 };
/// Crockford's base32: no I, L, O or U, which are mistaken for others or spell words.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Random bytes of a recovery code: 200 bits are 40 characters.
const CODE: usize = 25;
/// Characters between two dashes of a recovery code.
const GROUP: usize = 5;

/// What deriving a key from a passphrase costs, so that guessing costs as much.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyCost {
    /// Memory in KiB.
    pub memory_kib: u32,
    /// Passes over that memory.
    pub passes: u32,
}

impl KeyCost {
    /// 64 MiB and 3 passes: about a quarter of a second on an office machine.
    pub const NORMAL: Self = Self { memory_kib: 64 << 10, passes: 3 };
    /// As little as Argon2 allows; for tests only, it protects nothing.
    pub const CHEAP: Self = Self { memory_kib: 8, passes: 1 };
}

impl KeyCost {
    /// Returns the dearer of two costs, part by part.
    #[must_use]
    pub fn at_least(self, other: Self) -> Self {
        let memory_kib = self.memory_kib.max(other.memory_kib);
        Self { memory_kib, passes: self.passes.max(other.passes) }
    }

    /// Derives a key once and throws it away, so that the caller can tell how long it takes on this machine.
    pub fn probe(self) {
        drop(derive("probe", &[0; 16], self));
    }
}

impl Default for KeyCost {
    fn default() -> Self {
        Self::NORMAL
    }
}

/// The code that opens the store when the passphrase is forgotten; shown once, written down, never stored.
pub struct RecoveryCode(Zeroizing<[u8; CODE]>);

impl RecoveryCode {
    fn draw() -> Self {
        Self(Zeroizing::new(random()))
    }

    /// Returns eight groups of five characters, the form in which it is shown and typed.
    pub fn text(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(CODE * 2));
        for (n, chunk) in self.0.chunks(GROUP).enumerate() {
            // Five bytes are forty bits are eight characters.
            let bits = chunk.iter().fold(0_u64, |bits, byte| bits << 8 | u64::from(*byte));
            for place in 0..8 {
                if (n * 8 + place).is_multiple_of(GROUP) && n + place > 0 {
                    text.push('-');
                }
                let index = usize::try_from(bits >> (35 - 5 * place) & 31).unwrap_or(0);
                text.push(char::from(ALPHABET.get(index).copied().unwrap_or(b'0')));
            }
        }
        text
    }

    /// Reads a code as people type it: any case, spaces or dashes, O for 0, I or L for 1. `None` if it is no code.
    pub fn parse(text: &str) -> Option<Self> {
        let mut digits = Zeroizing::new(Vec::with_capacity(CODE * 2));
        for c in text.chars().filter(|c| *c != '-' && !c.is_whitespace()) {
            let c = match c.to_ascii_uppercase() {
                'O' => '0',
                'I' | 'L' => '1',
                other => other,
            };
            let digit = ALPHABET.iter().position(|letter| char::from(*letter) == c)?;
            digits.push(u64::try_from(digit).ok()?);
        }
        if digits.len() != CODE * 8 / 5 {
            return None;
        }
        let mut code = Zeroizing::new([0; CODE]);
        for (bytes, digits) in code.chunks_mut(5).zip(digits.chunks(8)) {
            let bits = digits.iter().fold(0_u64, |bits, digit| bits << 5 | digit).to_be_bytes();
            bytes.copy_from_slice(bits.get(3..)?);
        }
        Some(Self(code))
    }

    /// The code has 200 random bits, so one hash is enough; there is nothing to guess.
    fn key(&self) -> Key {
        let mut hash = Sha256::new_with_prefix(b"ejia recovery code 1\0");
        hash.update(*self.0);
        Key::new(hash.finalize().into())
    }
}

impl fmt::Debug for RecoveryCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RecoveryCode(..)")
    }
}

/// The key file as it is written.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct KeyFile {
    /// The file's version.
    version: u32,
    /// The first bytes of a hash over the rest: tells a damaged file from a wrong passphrase.
    check: String,
    passphrase: PassphraseWrap,
    recovery: RecoveryWrap,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PassphraseWrap {
    kdf: String,
    memory_kib: u32,
    passes: u32,
    salt: String,
    key: String,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RecoveryWrap {
    key: String,
}

/// Only the version, readable in every version of the file.
#[derive(Deserialize)]
struct Versioned {
    version: u32,
}

impl KeyFile {
    /// Draws a data key and a recovery code, and wraps the key with both.
    pub(super) fn draw(
        passphrase: &str,
        cost: KeyCost,
    ) -> Result<(Self, Key, RecoveryCode), StoreError> {
        let (key, code) = (Key::new(random()), RecoveryCode::draw());
        let wrapped = Sealer::new(&code.key()).seal("device.key", b"recovery", &*key);
        let file = Self {
            version: VERSION,
            check: String::new(),
            passphrase: PassphraseWrap::new(passphrase, cost, &key)?,
            recovery: RecoveryWrap { key: hex(&wrapped) },
        };
        Ok((file.checked(), key, code))
    }

    /// Returns what deriving the key from the passphrase costs.
    pub(super) const fn cost(&self) -> KeyCost {
        KeyCost { memory_kib: self.passphrase.memory_kib, passes: self.passphrase.passes }
    }

    /// Wraps the key with a new recovery code; the old one opens this file no longer.
    pub(super) fn with_new_code(&self, key: &Key) -> (Self, RecoveryCode) {
        let code = RecoveryCode::draw();
        let wrapped = Sealer::new(&code.key()).seal("device.key", b"recovery", &**key);
        let file = Self { recovery: RecoveryWrap { key: hex(&wrapped) }, ..self.clone() };
        (file.checked(), code)
    }

    /// Wraps the key with a new passphrase; the recovery code stays.
    pub(super) fn with_passphrase(
        &self,
        new: &str,
        cost: KeyCost,
        key: &Key,
    ) -> Result<Self, StoreError> {
        let passphrase = PassphraseWrap::new(new, cost, key)?;
        Ok(Self { passphrase, ..self.clone() }.checked())
    }

    /// Reads a key file's text; `path` is for the error.
    pub(super) fn parse(text: &str, path: &Path) -> Result<Self, StoreError> {
        let damaged = |_| StoreError::damaged("key file", path);
        let Versioned { version } = toml::from_str(text).map_err(damaged)?;
        if version > VERSION {
            return Err(StoreError::TooNew { version });
        }
        let file: Self = toml::from_str(text).map_err(damaged)?;
        if file.check != file.clone().checked().check {
            return Err(StoreError::damaged("key file", path));
        }
        Ok(file)
    }

    /// Reads the key file at `path`.
    pub(super) fn read(path: &Path) -> Result<Self, StoreError> {
        let bytes = std::fs::read(path).at(path)?;
        let text =
            String::from_utf8(bytes).ok().ok_or_else(|| StoreError::damaged("key file", path))?;
        Self::parse(&text, path)
    }

    /// Writes the key file, durable when `Ok`. What stood there is written over afterwards, as far as the file system lets us:
    /// an old passphrase shall not open what is left of it on the disk.
    pub(super) fn write(&self, path: &Path) -> Result<(), StoreError> {
        let old = std::fs::OpenOptions::new().write(true).open(path).ok();
        files::write_whole(path, self.text().as_bytes())?;
        if let Some(mut old) = old {
            drop(files::blank(&mut old));
        }
        Ok(())
    }

    /// Returns the file's text.
    pub(super) fn text(&self) -> String {
        let head = "# The key of this data directory, wrapped. Without this file the data cannot be read.\n";
        // Strings and numbers in tables: the writer cannot refuse them.
        toml::to_string(self).map(|text| format!("{head}{text}")).unwrap_or_default()
    }

    /// Returns the data key if `secret` is the passphrase or the recovery code.
    pub(super) fn unlock(&self, secret: &str, path: &Path) -> Result<Key, StoreError> {
        self.by_code(secret).map_or_else(|| self.by_passphrase(secret, path), Ok)
    }

    /// Returns the data key if `secret` is the recovery code.
    pub(super) fn by_code(&self, secret: &str) -> Option<Key> {
        unwrap(&RecoveryCode::parse(secret)?.key(), b"recovery", &self.recovery.key)
    }

    /// Returns the data key if `secret` is the passphrase.
    pub(super) fn by_passphrase(&self, secret: &str, path: &Path) -> Result<Key, StoreError> {
        let wrap = &self.passphrase;
        if wrap.memory_kib > MOST.memory_kib || wrap.passes > MOST.passes {
            return Err(StoreError::damaged("key file", path));
        }
        let salt = unhex(&wrap.salt).ok_or_else(|| StoreError::damaged("key file", path))?;
        let cost = KeyCost { memory_kib: wrap.memory_kib, passes: wrap.passes };
        let wrapper = derive(secret, &salt, cost)?;
        unwrap(&wrapper, b"passphrase", &wrap.key).ok_or(StoreError::WrongPassphrase)
    }

    fn checked(mut self) -> Self {
        self.check.clear();
        self.check = hex(Sha256::digest(self.text()).get(..8).unwrap_or_default());
        self
    }
}

impl PassphraseWrap {
    fn new(passphrase: &str, cost: KeyCost, key: &Key) -> Result<Self, StoreError> {
        let salt: [u8; 16] = random();
        let wrapper = derive(passphrase, &salt, cost)?;
        let wrapped = Sealer::new(&wrapper).seal("device.key", b"passphrase", &**key);
        Ok(Self {
            kdf: "argon2id".into(),
            memory_kib: cost.memory_kib,
            passes: cost.passes,
            salt: hex(&salt),
            key: hex(&wrapped),
        })
    }
}

fn unwrap(wrapper: &Key, what: &[u8], wrapped: &str) -> Option<Key> {
    let plain = Zeroizing::new(Sealer::new(wrapper).open("device.key", what, &unhex(wrapped)?)?);
    plain.as_slice().try_into().ok().map(Key::new)
}

/// Derives a key from a passphrase; composed and decomposed accents are the same passphrase.
fn derive(passphrase: &str, salt: &[u8], cost: KeyCost) -> Result<Key, StoreError> {
    let passphrase: Zeroizing<String> = Zeroizing::new(passphrase.nfc().collect());
    let mut key = Key::new([0; KEY]);
    Params::new(cost.memory_kib, cost.passes, 1, Some(KEY))
        .and_then(|params| {
            Argon2::new(Algorithm::Argon2id, Version::V0x13, params).hash_password_into(
                passphrase.as_bytes(),
                salt,
                &mut *key,
            )
        })
        .map_err(|error| StoreError::Io {
            path: "device.key".into(),
            source: std::io::Error::other(error.to_string()),
        })?;
    Ok(key)
}

fn hex(bytes: &[u8]) -> String {
    let digit = |digit: u8| char::from_digit(u32::from(digit), 16).unwrap_or('0');
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digit = |c: &u8| char::from(*c).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let pairs = text.as_bytes().chunks(2);
    pairs.map(|pair| Some(digit(pair.first()?)? << 4 | digit(pair.get(1)?)?)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draw() -> (KeyFile, Key, RecoveryCode) {
        KeyFile::draw("correct horse", KeyCost::CHEAP).unwrap()
    }

    #[test]
    fn both_secrets_unlock_and_others_do_not() {
        let (file, key, code) = draw();
        let file = KeyFile::parse(&file.text(), Path::new("k")).unwrap();
        let code = code.text();
        assert_eq!(*file.unlock("correct horse", Path::new("k")).unwrap(), *key);
        assert_eq!(*file.unlock(&code, Path::new("k")).unwrap(), *key);
        assert_eq!(
            *file.unlock(&code.to_lowercase().replace('-', " "), Path::new("k")).unwrap(),
            *key
        );
        let other = RecoveryCode::draw().text();
        for wrong in ["correct horse ", "", other.as_str()] {
            assert!(matches!(file.unlock(wrong, Path::new("k")), Err(StoreError::WrongPassphrase)));
        }
    }

    #[test]
    fn a_code_is_eight_groups_of_five_and_reads_back() {
        for _ in 0..50 {
            let code = RecoveryCode::draw();
            let text = code.text();
            assert_eq!(text.split('-').map(str::len).collect::<Vec<_>>(), [5; 8], "{}", *text);
            assert_eq!(*RecoveryCode::parse(&text).unwrap().0, *code.0);
        }
        assert!(RecoveryCode::parse("short").is_none());
    }

    #[test]
    fn every_change_of_the_file_is_damage_and_not_a_wrong_passphrase() {
        let text = draw().0.text();
        let start = text.find("version").unwrap();
        for at in (start..text.len()).filter(|at| text.as_bytes()[*at].is_ascii_alphanumeric()) {
            let mut bytes = text.clone().into_bytes();
            bytes[at] = if bytes[at] == b'1' { b'0' } else { b'1' };
            let text = String::from_utf8(bytes).unwrap();
            match KeyFile::parse(&text, Path::new("k")) {
                Err(StoreError::Damaged { .. } | StoreError::TooNew { .. }) => {}
                other => panic!("byte {at}: {:?}", other.map(|_| ()).err()),
            }
        }
    }

    #[test]
    fn a_newer_file_is_told_apart_from_damage() {
        let text = draw().0.text().replace("version = 1", "version = 9\nfield = 1");
        assert!(matches!(
            KeyFile::parse(&text, Path::new("k")),
            Err(StoreError::TooNew { version: 9 })
        ));
    }

    #[test]
    fn a_new_recovery_code_leaves_the_passphrase_and_ends_the_old_code() {
        let (file, key, old) = draw();
        let (file, code) = file.with_new_code(&key);
        let path = Path::new("k");
        assert_eq!(*file.unlock("correct horse", path).unwrap(), *key);
        assert_eq!(*file.unlock(&code.text(), path).unwrap(), *key);
        assert!(matches!(file.unlock(&old.text(), path), Err(StoreError::WrongPassphrase)));
    }

    #[test]
    fn a_new_passphrase_leaves_the_recovery_code() {
        let (file, key, code) = draw();
        let file = file.with_passphrase("battery", KeyCost::CHEAP, &key).unwrap();
        let path = Path::new("k");
        assert_eq!(*file.unlock("battery", path).unwrap(), *key);
        assert_eq!(*file.unlock(&code.text(), path).unwrap(), *key);
        assert!(matches!(file.unlock("correct horse", path), Err(StoreError::WrongPassphrase)));
    }
}
