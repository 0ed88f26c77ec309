//! How far two rankings agree.

/// Kendall's rank correlation with ties, `tau_b = (C - D) / sqrt((C + D + T_x)(C + D + T_y))` in
/// `[-1, 1]`, of paired values (Kendall, 1945): of all pairs of positions `C` are in the same order in
/// `x` and `y`, `D` in opposite order, `T_x` tied in `x` alone and `T_y` in `y` alone.
///
/// `None` where one side is tied throughout, which includes fewer than two positions.
///
/// # Panics
/// If `x` and `y` differ in length.
pub fn kendall_tau_b(x: &[f64], y: &[f64]) -> Option<f64> {
    assert_eq!(x.len(), y.len(), "values come in pairs");
    let (mut balance, mut untied_x, mut untied_y) = (0i64, 0i64, 0i64);
    for i in 0..x.len() {
        for j in 0..i {
            let (order_x, order_y) = (x[i].total_cmp(&x[j]) as i64, y[i].total_cmp(&y[j]) as i64);
            balance += order_x * order_y;
            untied_x += order_x.abs();
            untied_y += order_y.abs();
        }
    }
    let scale = (untied_x as f64 * untied_y as f64).sqrt();
    (scale > 0.0).then(|| balance as f64 / scale)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_order_is_one_and_the_opposite_minus_one() {
        let x = [0.1, 0.5, 0.3, 0.9];
        assert_eq!(kendall_tau_b(&x, &x), Some(1.0));
        assert_eq!(kendall_tau_b(&x, &x.map(|v| -v)), Some(-1.0));
        // Of the six pairs only (3, 4) is turned round: (5 - 1) / 6.
        assert_eq!(
            kendall_tau_b(&[1.0, 2.0, 3.0, 4.0], &[1.0, 2.0, 4.0, 3.0]),
            Some(4.0 / 6.0)
        );
    }

    #[test]
    fn ties_count_on_their_own_side() {
        // Pairs of [1, 2, 2, 3] and [1, 1, 2, 3]: 4 in order, none turned, one tied in x alone and
        // one in y alone: 4 / sqrt((4 + 1)(4 + 1)).
        assert_eq!(
            kendall_tau_b(&[1.0, 2.0, 2.0, 3.0], &[1.0, 1.0, 2.0, 3.0]),
            Some(0.8)
        );
        // [1, 1, 2] and [3, 2, 1]: two pairs turned round, one tied in x: -2 / sqrt(2 * 3).
        let tau = kendall_tau_b(&[1.0, 1.0, 2.0], &[3.0, 2.0, 1.0]).expect("not all tied");
        assert!((tau + 2.0 / 6f64.sqrt()).abs() < 1e-12, "{tau}");
    }

    #[test]
    fn what_is_tied_throughout_has_no_order() {
        assert_eq!(kendall_tau_b(&[1.0, 1.0], &[1.0, 2.0]), None);
        assert_eq!(kendall_tau_b(&[1.0], &[1.0]), None);
        assert_eq!(kendall_tau_b(&[], &[]), None);
    }
}
