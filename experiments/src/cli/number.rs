//! Numbers that have bounds.

/// A number in `[0, 1]`.
pub fn share(text: &str) -> Result<f64, String> {
    within(
        text,
        |x| (0.0..=1.0).contains(&x),
        "a share in [0, 1], as in 0.01",
    )
}

/// A number in `(0.5, 1)`.
pub fn confidence(text: &str) -> Result<f64, String> {
    within(
        text,
        |x| x > 0.5 && x < 1.0,
        "a number between 0.5 and 1, as in 0.95",
    )
}

fn within(text: &str, holds: impl Fn(f64) -> bool, expected: &str) -> Result<f64, String> {
    let value: f64 = text.parse().map_err(|e| format!("{e}"))?;
    if holds(value) {
        Ok(value)
    } else {
        Err(format!("expected {expected}"))
    }
}
