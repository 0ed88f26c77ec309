//! The normal distribution and Student's, as far as intervals need them.

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

/// Quantile of Student's distribution with `degrees` of freedom by the expansion of Abramowitz and
/// Stegun (1964), 26.7.5; for 7 degrees or more it is right to 0.2 % at `prob` up to 0.975.
pub fn student_quantile(prob: f64, degrees: usize) -> f64 {
    let (z, v) = (normal_quantile(prob), degrees.max(1) as f64);
    let odd = |coefficients: &[f64]| coefficients.iter().fold(0.0, |sum, c| sum * z * z + c) * z;
    z + odd(&[1.0, 1.0]) / 4.0 / v
        + odd(&[5.0, 16.0, 3.0]) / 96.0 / v.powi(2)
        + odd(&[3.0, 19.0, 17.0, -15.0]) / 384.0 / v.powi(3)
        + odd(&[79.0, 776.0, 1482.0, -1920.0, -945.0]) / 92_160.0 / v.powi(4)
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
        for (prob, degrees, expected) in [
            (0.975, 7, 2.364_624),
            (0.975, 30, 2.042_272),
            (0.95, 19, 1.729_133),
            (0.95, 137, 1.656_052),
        ] {
            let found = student_quantile(prob, degrees);
            assert!((found / expected - 1.0).abs() < 2e-3, "{found} {expected}");
        }
    }
}
