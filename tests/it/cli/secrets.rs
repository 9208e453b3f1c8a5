//! Passphrase and recovery code at the command line.

use super::{Case, PASSPHRASE};

#[test]
fn a_new_passphrase_opens_the_files_and_the_old_one_does_not() {
    let case = Case::with_device();
    case.add(&["person", "staff_no=10001", "name=王小明"]);
    let new = case.file("new", "quite another sentence\n");
    let weak = case.file("weak", "password1\n");
    case.run(&["passphrase", "--new-file", &weak]).fails(2, "weak-passphrase");
    let done = case.run(&["passphrase", "--new-file", &new]).done();
    assert_eq!(done.exit, 0, "{}", done.stderr);
    case.run(&["status"]).fails(2, "store-wrong-passphrase");
    case.file("passphrase", "quite another sentence\n");
    assert_eq!(case.json(&["list", "person"]).as_array().unwrap().len(), 1);
    case.file("passphrase", format!("{PASSPHRASE}\n"));
    case.run(&["passphrase", "--new-file", &new]).fails(2, "store-wrong-passphrase");
}

#[test]
fn the_recovery_code_sets_a_new_passphrase_and_is_replaced() {
    let case = Case::new();
    let made = case.json(&["init", "--user", "李組織"]);
    let code = made["recovery_code"].as_str().unwrap().to_owned();
    let code_file = case.file("code", &code);
    let new = case.file("new", "quite another sentence\n");
    for _ in 0..7 {
        let wrong = case.file("wrong", "not the passphrase\n");
        let done = case.run(&["status", "--passphrase-file", &wrong]).done();
        assert_eq!(done.exit, 2);
    }
    case.run(&["status"]).fails(2, "store-too-many-tries");
    case.run(&["recover", "--code-file", &new, "--new-file", &new])
        .fails(2, "store-wrong-passphrase");
    let again = case.json(&["recover", "--code-file", &code_file, "--new-file", &new]);
    let next = again["recovery_code"].as_str().unwrap();
    assert_ne!(next, code);
    case.run(&["recover", "--code-file", &code_file, "--new-file", &new])
        .fails(2, "store-wrong-passphrase");
    let next = case.file("next", next);
    case.json(&["recover", "--code-file", &next, "--new-file", &new]);
}
