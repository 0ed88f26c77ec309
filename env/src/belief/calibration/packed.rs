//! Probabilities as text: one character each, in eighths of a nat below certainty.
//!
//! `#` is 1, each following character `e^(-1/8)` of the one before, and `~` never (below `e^-10.75`). A run of `n` equal
//! characters, where that is shorter, is the character and `{n}`.

/// The first character: certain.
const FIRST: u8 = b'#';
/// Characters from there on; `\` is left out, so that JSON shows all as they are.
const N_LEVELS: u8 = 87;
/// Stands for what was never seen.
const NEVER: u8 = b'~';
/// Parts of a nat between two levels.
const PER_NAT: f64 = 8.0;
/// `e^(-1/8)`, so that levels are products and the same on every machine.
const STEP: f32 = 0.882_496_9;
/// What [`NEVER`] is taken for: no evidence is beyond all doubt.
const FLOOR: f32 = 1e-6;
/// Most entries of one text, so that no file asks for more.
const MOST: usize = 1 << 20;

/// The text of probabilities.
pub(super) fn write(probs: impl IntoIterator<Item = f64>) -> String {
    let mut text = String::new();
    let mut run: Option<(char, usize)> = None;
    for prob in probs {
        let symbol = symbol(prob);
        match &mut run {
            Some((last, n)) if *last == symbol => *n += 1,
            _ => {
                flush(&mut text, run);
                run = Some((symbol, 1));
            }
        }
    }
    flush(&mut text, run);
    text
}

fn flush(text: &mut String, run: Option<(char, usize)>) {
    let Some((symbol, n)) = run else { return };
    if n > 4 {
        text.push(symbol);
        text.push_str(&format!("{{{n}}}"));
    } else {
        text.extend(std::iter::repeat_n(symbol, n));
    }
}

fn symbol(prob: f64) -> char {
    let level = (-prob.ln() * PER_NAT).round();
    // Nothing is infinitely far below certainty.
    if level >= f64::from(N_LEVELS) {
        return NEVER.into();
    }
    let byte = FIRST + level.max(0.0) as u8;
    // Behind the backslash all move up by one.
    (byte + u8::from(byte >= b'\\')).into()
}

/// The probabilities of a text; `None` where it is none, or has another number of entries than `n`.
pub(super) fn read(text: &str, n: usize) -> Option<Vec<f32>> {
    let levels = levels();
    let mut probs: Vec<f32> = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((&byte, behind)) = rest.split_first() {
        rest = behind;
        if byte == b'{' {
            let end = rest.iter().position(|&b| b == b'}')?;
            let times: usize = std::str::from_utf8(&rest[..end]).ok()?.parse().ok()?;
            let last = *probs.last()?;
            if times == 0 || times > MOST || probs.len() + times - 1 > n {
                return None;
            }
            probs.extend(std::iter::repeat_n(last, times - 1));
            rest = &rest[end + 1..];
            continue;
        }
        if probs.len() == n {
            return None;
        }
        probs.push(match byte {
            NEVER => FLOOR,
            b'\\' => return None,
            _ => {
                let level = byte.checked_sub(FIRST)? - u8::from(byte > b'\\');
                *levels.get(usize::from(level))?
            }
        });
    }
    (probs.len() == n).then_some(probs)
}

fn levels() -> [f32; N_LEVELS as usize] {
    let mut levels = [1.0; N_LEVELS as usize];
    for k in 1..levels.len() {
        levels[k] = levels[k - 1] * STEP;
    }
    levels
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probabilities_come_back_to_within_a_sixteenth_of_a_nat() {
        let probs: Vec<f64> = (0..600).map(|k| (-0.018 * f64::from(k)).exp()).collect();
        let read = read(&write(probs.iter().copied()), probs.len()).expect("a text");
        for (written, read) in probs.iter().zip(read) {
            let off = (written.ln() - f64::from(read).ln()).abs();
            assert!(off < 0.0626 || *written < 3e-5, "{written} {read}");
        }
    }

    #[test]
    fn runs_are_short_and_other_texts_are_refused() {
        let text = write([0.5, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0]);
        assert_eq!(text, ")~{6}#");
        assert!(read(&text, 8).is_some());
        for (text, n) in [
            ("#", 2),
            ("##", 1),
            ("#{9999999999}", 3),
            ("{2}", 2),
            ("\\", 1),
            ("é", 1),
            ("#{3", 3),
        ] {
            assert_eq!(read(text, n), None, "{text}");
        }
    }
}
