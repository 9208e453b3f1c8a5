//! A locked program: nothing that it showed, and no key, is left in its memory.

use std::fs::{self, File};
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use argon2::{Algorithm, Argon2, Params, Version};
use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};

use super::session::{PASSPHRASE, files};
use super::term::Term;

/// Names the searched parts, and the first secret found in a process's memory.
fn found_in_memory(pid: u32, secrets: &[(&str, Vec<u8>)]) -> std::io::Result<Vec<String>> {
    let memory = File::open(format!("/proc/{pid}/mem"))?;
    let maps = fs::read_to_string(format!("/proc/{pid}/maps"))?;
    let mut found = Vec::new();
    for line in maps.lines() {
        let (range, rest) = line.split_once(' ').unwrap();
        if !rest.starts_with('r') || line.ends_with("[vvar]") || line.ends_with("[vsyscall]") {
            continue;
        }
        let (from, to) = range.split_once('-').unwrap();
        let [from, to] = [from, to].map(|n| u64::from_str_radix(n, 16).unwrap());
        let mut bytes = vec![0; usize::try_from(to - from).unwrap()];
        let read = memory.read_at(&mut bytes, from).unwrap_or(0);
        for (name, secret) in secrets {
            if bytes[..read].windows(secret.len()).any(|window| window == secret) {
                found.push((*name).to_owned());
            }
        }
    }
    found.sort();
    found.dedup();
    Ok(found)
}

/// Unwraps the data key as docs/store.md tells it, without the program.
fn data_key(dir: &Path) -> Vec<u8> {
    let file: toml::Table =
        toml::from_str(&fs::read_to_string(dir.join("device.key")).unwrap()).unwrap();
    let wrap = file["passphrase"].as_table().unwrap();
    let hex = |key: &str| -> Vec<u8> {
        let text = wrap[key].as_str().unwrap();
        (0..text.len())
            .step_by(2)
            .map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap())
            .collect()
    };
    let number = |key: &str| u32::try_from(wrap[key].as_integer().unwrap()).unwrap();
    let params = Params::new(number("memory_kib"), number("passes"), 1, Some(32)).unwrap();
    let mut wrapper = [0; 32];
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(PASSPHRASE.as_bytes(), &hex("salt"), &mut wrapper)
        .unwrap();
    let sealed = hex("key");
    let nonce: [u8; 24] = sealed[..24].try_into().unwrap();
    let payload = Payload { msg: &sealed[24..], aad: b"\x01device.key\0passphrase" };
    let cipher = XChaCha20Poly1305::new((&wrapper).into());
    cipher.decrypt(&XNonce::from(nonce), payload).unwrap()
}

#[test]
fn a_locked_program_has_neither_names_nor_keys_in_its_memory() {
    let (_root, dir) = files();
    let secrets = [
        ("name", "歐陽鋒鎮".as_bytes().to_vec()),
        ("number", b"20210009".to_vec()),
        ("passphrase", PASSPHRASE.as_bytes().to_vec()),
        ("data key", data_key(&dir)),
    ];
    let mut term = Term::start(&dir);
    term.wait("需要處理");
    term.send("5");
    term.wait("人員名冊");
    term.send("\u{e}20210009\t歐陽鋒鎮\u{13}");
    term.wait("已儲存");
    let open = match found_in_memory(term.pid(), &secrets) {
        Ok(found) => found,
        // Not even this user gets to look: what the program asks of Linux for itself.
        Err(error) => {
            assert_eq!(error.kind(), std::io::ErrorKind::PermissionDenied);
            return term.kill();
        }
    };
    assert!(
        ["name", "number", "data key"].iter().all(|s| open.contains(&(*s).to_owned())),
        "{open:?}"
    );

    let pid = term.pid();
    term.send("\u{b}");
    term.wait("已鎖定");
    assert_eq!(term.pid(), pid);
    let locked = found_in_memory(pid, &secrets).unwrap();
    assert!(locked.is_empty(), "in the memory of a locked program: {locked:?}");

    term.send(&format!("{PASSPHRASE}\r"));
    term.wait("人員名冊"); // back where it was
    term.wait("歐陽鋒鎮");
    term.kill();
}

#[test]
fn a_draft_outlives_the_lock() {
    let (_root, dir) = files();
    let mut term = Term::start(&dir);
    term.wait("需要處理");
    term.send("5\u{e}");
    term.wait("新增：人員");
    term.send("20217777");
    term.wait("20217777");
    term.send("\u{b}");
    term.wait("已鎖定");
    term.send("wrong\r");
    term.wait("密碼不正確");
    term.send(&format!("{PASSPHRASE}\r"));
    term.wait("人員名冊"); // back where it was
    term.send("\u{e}");
    term.wait("有未完成的草稿");
    term.kill();
}
