//! The normal distribution and Student's, as far as intervals need them: one quantile of each.

use crate::estimate::LEVEL;

/// The upper end of a central interval of coverage [`LEVEL`], as a probability.
pub(crate) const UPPER: f64 = (1.0 + LEVEL) / 2.0;

/// [`normal_quantile`] of [`UPPER`], to the last digit.
pub(crate) const Z: f64 = 1.959_963_984_540_054;

/// Quantiles of Student's distribution at [`UPPER`] for 1 to 30 degrees of freedom.
const T: [f64; 30] = [
    12.706205, 4.302653, 3.182446, 2.776445, 2.570582, 2.446912, 2.364624, 2.306004, 2.262157,
    2.228139, 2.200985, 2.178813, 2.160369, 2.144787, 2.131450, 2.119905, 2.109816, 2.100922,
    2.093024, 2.085963, 2.079614, 2.073873, 2.068658, 2.063899, 2.059539, 2.055529, 2.051831,
    2.048407, 2.045230, 2.042272,
];

/// Distribution function of the standard normal distribution, to 1e-15: the series of Marsaglia
/// (2004, "Evaluating the normal distribution", section 3), beyond eight deviations 0 or 1.
pub fn normal_cdf(x: f64) -> f64 {
    if x.abs() > 8.0 {
        return if x > 0.0 { 1.0 } else { 0.0 };
    }
    let (mut sum, mut term, mut k) = (x, x, 1.0);
    loop {
        k += 2.0;
        term *= x * x / k;
        let next = sum + term;
        if next == sum {
            break;
        }
        sum = next;
    }
    let density = (-0.5 * x * x).exp() / (2.0 * std::f64::consts::PI).sqrt();
    (0.5 + sum * density).clamp(0.0, 1.0)
}

/// The `x` of which [`normal_cdf`] is `prob`, by bisection in `[-8, 8]`.
pub fn normal_quantile(prob: f64) -> f64 {
    let (mut low, mut high) = (-8.0, 8.0);
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        if normal_cdf(middle) < prob {
            low = middle;
        } else {
            high = middle;
        }
    }
    0.5 * (low + high)
}

/// The `x` up to which Student's distribution with `degrees` of freedom (at least 1) has probability
/// `prob`, in `(0, 1)`.
///
/// At the end of a 95 % interval it is that of the printed tables up to 30 degrees, and past them
/// right to five decimals. At other probabilities it is exact up to 30 degrees, and past them the expansion of
/// Abramowitz and Stegun (1964), 26.7.5, alone.
pub fn student_quantile(prob: f64, degrees: usize) -> f64 {
    // A level such as 0.95 comes to the same end by several roundings.
    if (prob - UPPER).abs() < 1e-12 {
        return student_quantile_of_95_percent(degrees);
    }
    if degrees <= T.len() {
        return student_quantile_by_bisection(prob, degrees.max(1));
    }
    let (z, v) = (normal_quantile(prob), degrees as f64);
    let odd = |coefficients: &[f64]| coefficients.iter().fold(0.0, |sum, c| sum * z * z + c) * z;
    z + odd(&[1.0, 1.0]) / 4.0 / v
        + odd(&[5.0, 16.0, 3.0]) / 96.0 / v.powi(2)
        + odd(&[3.0, 19.0, 17.0, -15.0]) / 384.0 / v.powi(3)
        + odd(&[79.0, 776.0, 1482.0, -1920.0, -945.0]) / 92_160.0 / v.powi(4)
}

/// Distribution function of Student's distribution with a whole number of degrees (Abramowitz and Stegun, 1964, 26.7.3
/// and 26.7.4).
fn student_cdf(x: f64, degrees: usize) -> f64 {
    let angle = (x / (degrees as f64).sqrt()).atan();
    let (sine, cosine) = angle.sin_cos();
    let first = degrees % 2;
    let mut term = if first == 1 { cosine } else { 1.0 };
    let mut sum = if degrees == 1 { 0.0 } else { term };
    for k in (first + 2..degrees).step_by(2) {
        term *= cosine * cosine * (k as f64 - 1.0) / k as f64;
        sum += term;
    }
    let inside = match first {
        1 => (angle + sine * sum) * std::f64::consts::FRAC_2_PI,
        _ => sine * sum,
    };
    0.5 + 0.5 * inside
}

/// The `x` of which [`student_cdf`] is `prob`; at most a million either way.
fn student_quantile_by_bisection(prob: f64, degrees: usize) -> f64 {
    let (mut low, mut high) = (-1e6, 1e6);
    for _ in 0..80 {
        let middle = 0.5 * (low + high);
        if student_cdf(middle, degrees) < prob {
            low = middle;
        } else {
            high = middle;
        }
    }
    0.5 * (low + high)
}

/// [`student_quantile`] at [`UPPER`]: the table, then the first terms of the expansion, written with the
/// powers of `Z` so that no published figure moves.
fn student_quantile_of_95_percent(degrees: usize) -> f64 {
    if let Some(t) = degrees.checked_sub(1).and_then(|idx| T.get(idx)) {
        return *t;
    }
    let v = degrees.max(1) as f64;
    let first = (Z.powi(3) + Z) / 4.0;
    let second = (5.0 * Z.powi(5) + 16.0 * Z.powi(3) + 3.0 * Z) / 96.0;
    let third = (3.0 * Z.powi(7) + 19.0 * Z.powi(5) + 17.0 * Z.powi(3) - 15.0 * Z) / 384.0;
    Z + first / v + second / v.powi(2) + third / v.powi(3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_those_of_the_tables() {
        for (found, expected) in [
            (normal_cdf(1.959_963_984_540_054), 0.975),
            (normal_quantile(0.95), 1.644_853_626_951_472),
            (normal_quantile(0.5), 0.0),
        ] {
            assert!((found - expected).abs() < 1e-9, "{found} {expected}");
        }
        assert!((normal_quantile(UPPER) - Z).abs() < 1e-12);
        for (prob, degrees, expected) in [
            (0.975, 7, 2.364_624),
            (0.975, 30, 2.042_272),
            (0.95, 19, 1.729_133),
            (0.99, 1, 31.820_516),
            (0.995, 2, 9.924_843),
            (0.995, 3, 5.840_909),
            (0.995, 6, 3.707_428),
            (0.95, 137, 1.656_052),
        ] {
            let found = student_quantile(prob, degrees);
            assert!((found / expected - 1.0).abs() < 1e-5, "{found} {expected}");
        }
    }

    #[test]
    fn the_table_joins_the_expansion_and_ends_at_the_normal() {
        assert_eq!(student_quantile(0.5 + 0.5 * LEVEL, 7), 2.364624);
        assert!((student_quantile(UPPER, 31) - 2.039513).abs() < 1e-5);
        assert!((student_quantile(UPPER, usize::MAX) - Z).abs() < 1e-9);
    }
}
