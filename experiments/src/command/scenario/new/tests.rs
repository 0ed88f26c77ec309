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
        caller: Vec::new(),
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
    let keep = Form::question((
        "keep".to_owned(),
        vec!["Do you keep it?".to_owned(), "yes|no".to_owned()],
    ));
    assert_eq!(
        form.slots,
        [keep.unwrap_or_else(|e| panic!("{}", e.message))]
    );
    assert!(form.questions.is_empty(), "an incomplete entry is refused");
}
