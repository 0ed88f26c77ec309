//! What is asked for, and what is made of the answers.

use offhook_lab::scenario::form::Identity;

use super::*;

#[test]
fn what_flags_leave_out_is_asked_for() {
    let args = NewArgs {
        name: "notice".to_owned(),
        purpose: None,
        identity: None,
        topic: vec!["date=It is on Monday = fixed.".to_owned()],
        question: Vec::new(),
        concern: Vec::new(),
        slot: Vec::new(),
        offer: Vec::new(),
        message: Vec::new(),
        out: None,
        force: false,
    };
    let mut typed =
        "A notice.\nverify\nkeep=Do you keep it?=yes|no\n\n\n\nprice=How much?\n\n".as_bytes();
    let form = fill_in(&args, &mut typed)
        .map_err(|f| f.message)
        .expect("a form");
    assert_eq!(
        (&*form.purpose, form.identity),
        ("A notice.", Identity::Verify)
    );
    assert_eq!(form.topics[0].1, ["It is on Monday = fixed."]);
    assert_eq!(form.slots[0].1, ["Do you keep it?", "yes", "no"]);
    assert!(form.questions.is_empty(), "an incomplete entry is refused");
}
