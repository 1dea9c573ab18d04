use std::{fs, path::Path};

use proptest::prelude::*;
use secrecy::{ExposeSecret, SecretString};

use crate::{KeyError, Keys, SealError, Sealed, SecretRef, fresh, fresh_signing_key};

const PURPOSE: &str = "connection/main/token";

fn keys(folder: &Path) -> Keys {
    Keys::open_or_create(&folder.join("secret.key"), false).expect("keys")
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a folder")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn what_was_sealed_opens_and_nothing_else_does(text in ".{0,200}", at in 0_usize..400, flip in 1_u8..=255) {
        let folder = folder();
        let keys = keys(folder.path());
        let sealed = keys.seal(PURPOSE, &SecretString::from(text.clone())).expect("sealed");
        let opened = keys.open(PURPOSE, &sealed).expect("opened");
        prop_assert_eq!(opened.expose_secret(), text.as_str());
        let mut bytes = sealed.0.clone().into_bytes();
        let at = at % bytes.len();
        bytes[at] ^= flip;
        let altered = Sealed(String::from_utf8_lossy(&bytes).into_owned());
        prop_assert!(keys.open(PURPOSE, &altered).is_err());
    }
}

#[test]
fn a_sealed_secret_is_worth_nothing_elsewhere() {
    let folder = folder();
    let keys = keys(folder.path());
    let sealed = keys.seal(PURPOSE, &SecretString::from("glpat-x")).expect("sealed");
    assert_eq!(keys.open("connection/other/token", &sealed).expect_err("elsewhere"), SealError::Altered);
    assert!(!sealed.0.contains("glpat"));
    assert_eq!(format!("{sealed:?}"), "Sealed([redacted])");
    assert_ne!(sealed, keys.seal(PURPOSE, &SecretString::from("glpat-x")).expect("sealed"), "no two are alike");
}

#[test]
fn the_key_file_is_made_once_for_its_owner_only() {
    let folder = folder();
    let first = keys(folder.path());
    let sealed = first.seal(PURPOSE, &SecretString::from("glpat-x")).expect("sealed");
    let again = keys(folder.path());
    assert_eq!(again.open(PURPOSE, &sealed).expect("opened").expose_secret(), "glpat-x");
    let path = folder.path().join("secret.key");
    assert_eq!(fs::read_dir(folder.path()).expect("folder").count(), 1, "nothing is left beside it");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(&path).expect("there").permissions().mode() & 0o777, 0o600);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).expect("set");
        let error = Keys::open_or_create(&path, true).expect_err("others may read it");
        assert!(error.to_string().contains("chmod 600"), "{error}");
    }
}

#[test]
fn a_lost_key_file_is_never_replaced_by_a_new_one() {
    let folder = folder();
    let path = folder.path().join("secret.key");
    let error = Keys::open_or_create(&path, true).expect_err("gone");
    assert!(matches!(error, KeyError::Gone(_)));
    assert!(error.to_string().contains("restore it from your backup"), "{error}");
    assert!(!path.exists());
}

#[test]
fn a_new_line_above_changes_the_master_key() {
    let folder = folder();
    let old = keys(folder.path());
    let sealed = old.seal(PURPOSE, &SecretString::from("glpat-x")).expect("sealed");
    let path = folder.path().join("secret.key");
    let text = fs::read_to_string(&path).expect("read");
    fs::write(&path, format!("# since today\n{}\n{text}", "ab".repeat(32))).expect("written");
    let both = Keys::open_or_create(&path, true).expect("keys");
    assert!(!both.is_current(&sealed));
    assert_eq!(both.open(PURPOSE, &sealed).expect("opened").expose_secret(), "glpat-x");
    assert!(both.is_current(&both.seal(PURPOSE, &SecretString::from("y")).expect("sealed")));
    fs::write(&path, "ab".repeat(32)).expect("written");
    let new = Keys::open_or_create(&path, true).expect("keys");
    let error = new.open(PURPOSE, &sealed).expect_err("the old one is gone");
    assert!(error.to_string().contains("not in the key file"), "{error}");
}

#[test]
fn a_key_file_that_holds_no_key_says_its_line() {
    let folder = folder();
    let path = folder.path().join("secret.key");
    keys(folder.path());
    for text in ["", "# only words\n", "zz\n"] {
        fs::write(&path, text).expect("written");
        assert!(matches!(Keys::open_or_create(&path, true), Err(KeyError::Malformed { line: 1, .. })), "{text:?}");
    }
}

#[test]
fn references_are_read_and_never_quote_what_they_hold() {
    let folder = folder();
    let file = folder.path().join("token");
    let reference = SecretRef::File(file.clone());
    assert!(reference.read().expect_err("absent").to_string().contains("token"));
    fs::write(&file, " glpat-x\n").expect("written");
    assert_eq!(reference.read().expect("read").expose_secret(), "glpat-x");
    fs::write(&file, "\n").expect("written");
    assert!(reference.read().expect_err("empty").to_string().contains("is empty"));
    fs::write(&file, "glpat-x glpat-y").expect("written");
    let error = reference.read().expect_err("two").to_string();
    assert!(error.contains("more than one word") && !error.contains("glpat"), "{error}");
    let unset = SecretRef::Env("STAGEDOOR_TEST_SECRET_THAT_NOBODY_SETS".to_owned());
    assert!(unset.read().expect_err("unset").to_string().contains("STAGEDOOR_TEST_SECRET_THAT_NOBODY_SETS"));
    let read: SecretRef = serde_json::from_str(r#"{"env": "A"}"#).expect("read");
    assert_eq!(read, SecretRef::Env("A".to_owned()));
}

#[test]
fn fresh_secrets_are_long_and_differ() {
    let (a, b) = (fresh().expect("fresh"), fresh().expect("fresh"));
    assert_eq!(a.expose_secret().len(), 43);
    assert_ne!(a.expose_secret(), b.expose_secret());
    assert!(fresh_signing_key().expect("fresh").expose_secret().starts_with("whsec_"));
}
