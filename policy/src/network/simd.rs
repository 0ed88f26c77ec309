//! Small dense products and functions that the compiler turns into vector instructions.
//!
//! Everything here is plain arithmetic on blocks of [`LANES`] numbers, inlined into functions marked
//! `#[macerator::with_simd]`: those are compiled once for every generation of vector instructions,
//! and the processor's best is picked at run time. An output is one chain of fused multiply-adds
//! in a fixed order, whatever the width of a register, so results do not depend on the processor.

use crate::network::weights::Activation;

/// Numbers worked on together: one register of AVX-512, two of AVX2.
pub(crate) const LANES: usize = 16;

/// Numbers that lie side by side.
pub(crate) type Block = [f32; LANES];

/// Rows that share every load of a weight, so that their sums fill the registers.
const TILE: usize = 6;

/// Blocks of a one-hot product that are summed side by side.
const WIDE: usize = 4;

/// Adds `x w` to `sum`, rounded once.
#[inline(always)]
fn add_scaled(sum: &mut Block, x: f32, w: &Block) {
    for (sum, w) in sum.iter_mut().zip(w) {
        *sum = x.mul_add(*w, *sum);
    }
}

/// `sum + x`.
#[inline(always)]
pub(crate) fn added(mut sum: Block, x: &Block) -> Block {
    for (sum, x) in sum.iter_mut().zip(x) {
        *sum += x;
    }
    sum
}

/// `y = x W + b`, row by row.
///
/// - `x`: rows of `width` numbers each, of which as many count as `weight` has inputs.
/// - `weight`: for every block of outputs one block per input, `n_blocks x n_in`.
/// - `bias`: `n_blocks`.
/// - `out`: `n_rows x n_blocks`.
#[inline(always)]
pub(crate) fn multiply(
    x: &[f32],
    width: usize,
    weight: &[Block],
    bias: &[Block],
    out: &mut [Block],
) {
    let n_blocks = bias.len();
    let n_tiled = out.len() / n_blocks / TILE * TILE;
    let (tiled, rest) = out.split_at_mut(n_tiled * n_blocks);
    let (x_tiled, x_rest) = x.split_at(n_tiled * width);
    let tiles = tiled.chunks_exact_mut(TILE * n_blocks);
    for (x, out) in x_tiled.chunks_exact(TILE * width).zip(tiles) {
        multiply_rows::<TILE>(x, width, weight, bias, out);
    }
    let rest = rest.chunks_exact_mut(n_blocks);
    for (x, out) in x_rest.chunks_exact(width).zip(rest) {
        multiply_rows::<1>(x, width, weight, bias, out);
    }
}

#[inline(always)]
fn multiply_rows<const ROWS: usize>(
    x: &[f32],
    width: usize,
    weight: &[Block],
    bias: &[Block],
    out: &mut [Block],
) {
    let n_blocks = bias.len();
    let n_in = weight.len() / n_blocks;
    let rows: [&[f32]; ROWS] = std::array::from_fn(|r| &x[r * width..][..n_in]);
    for (b, weight) in weight.chunks_exact(n_in).enumerate() {
        let mut sums = [bias[b]; ROWS];
        for (i, weight) in weight.iter().enumerate() {
            for r in 0..ROWS {
                add_scaled(&mut sums[r], rows[r][i], weight);
            }
        }
        for (r, sum) in sums.into_iter().enumerate() {
            out[r * n_blocks + b] = sum;
        }
    }
}

/// Adds the sum of `x' dy` over all rows to `gradient`, laid out as the weight of [`multiply`].
#[inline(always)]
pub(crate) fn add_products(
    x: &[f32],
    width: usize,
    dy: &[Block],
    n_blocks: usize,
    gradient: &mut [Block],
) {
    let n_in = gradient.len() / n_blocks;
    let n_tiled = n_in / TILE * TILE;
    for (b, gradient) in gradient.chunks_exact_mut(n_in).enumerate() {
        let dy = dy.chunks_exact(n_blocks).map(|dy| &dy[b]);
        let (tiled, rest) = gradient.split_at_mut(n_tiled);
        for (tile, sums) in tiled.chunks_exact_mut(TILE).enumerate() {
            add_products_of::<TILE>(x, width, tile * TILE, dy.clone(), sums);
        }
        for (i, sums) in rest.chunks_exact_mut(1).enumerate() {
            add_products_of::<1>(x, width, n_tiled + i, dy.clone(), sums);
        }
    }
}

#[inline(always)]
fn add_products_of<'a, const INPUTS: usize>(
    x: &[f32],
    width: usize,
    input: usize,
    dy: impl Iterator<Item = &'a Block>,
    gradient: &mut [Block],
) {
    let mut sums: [Block; INPUTS] = std::array::from_fn(|i| gradient[i]);
    for (x, dy) in x.chunks_exact(width).zip(dy) {
        let x = &x[input..][..INPUTS];
        for i in 0..INPUTS {
            add_scaled(&mut sums[i], x[i], dy);
        }
    }
    gradient.copy_from_slice(&sums);
}

/// [`multiply`] for the one-hot rows that codes stand for: the bias and one weight row per feature.
///
/// - `offsets`: first column of every feature, and the number of columns behind them.
/// - `codes`: `n_rows x n_features`.
#[inline(always)]
pub(crate) fn sum_rows(
    offsets: &[u32],
    codes: &[u8],
    weight: &[Block],
    bias: &[Block],
    out: &mut [Block],
) {
    let rows = codes.chunks_exact(offsets.len() - 1);
    for (codes, out) in rows.zip(out.chunks_exact_mut(bias.len())) {
        let n_wide = bias.len() / WIDE * WIDE;
        for b in (0..n_wide).step_by(WIDE) {
            sum_columns::<WIDE>(offsets, codes, weight, bias, b, out);
        }
        for b in n_wide..bias.len() {
            sum_columns::<1>(offsets, codes, weight, bias, b, out);
        }
    }
}

#[inline(always)]
fn sum_columns<const BLOCKS: usize>(
    offsets: &[u32],
    codes: &[u8],
    weight: &[Block],
    bias: &[Block],
    first: usize,
    out: &mut [Block],
) {
    let n_in = weight.len() / bias.len();
    let weight: [&[Block]; BLOCKS] = std::array::from_fn(|b| &weight[(first + b) * n_in..][..n_in]);
    let mut sums: [Block; BLOCKS] = std::array::from_fn(|b| bias[first + b]);
    for (&offset, &code) in offsets.iter().zip(codes) {
        let column = offset as usize + code as usize;
        for b in 0..BLOCKS {
            sums[b] = added(sums[b], &weight[b][column]);
        }
    }
    out[first..first + BLOCKS].copy_from_slice(&sums);
}

/// [`add_products`] for one-hot rows: `dy` is added to one gradient row per feature.
#[inline(always)]
pub(crate) fn scatter_rows(
    offsets: &[u32],
    codes: &[u8],
    dy: &[Block],
    n_blocks: usize,
    gradient: &mut [Block],
) {
    let n_in = gradient.len() / n_blocks;
    let rows = codes.chunks_exact(offsets.len() - 1);
    for (codes, dy) in rows.zip(dy.chunks_exact(n_blocks)) {
        for (dy, gradient) in dy.iter().zip(gradient.chunks_exact_mut(n_in)) {
            // A copy cannot overlap with the gradient, so it stays in a register.
            let dy = *dy;
            for (&offset, &code) in offsets.iter().zip(codes) {
                let sum = &mut gradient[offset as usize + code as usize];
                *sum = added(*sum, &dy);
            }
        }
    }
}

/// Applies the nonlinearity to every number.
#[inline(always)]
pub(crate) fn activate(activation: Activation, x: &mut [Block]) {
    match activation {
        Activation::Relu => x
            .as_flattened_mut()
            .iter_mut()
            .for_each(|x| *x = x.max(0.0)),
        Activation::Tanh => x.as_flattened_mut().iter_mut().for_each(|x| *x = tanh(*x)),
    }
}

/// Multiplies `d` by the slope of the nonlinearity where it gave `scale y`.
#[inline(always)]
pub(crate) fn multiply_by_slope(activation: Activation, y: &[Block], scale: f32, d: &mut [Block]) {
    let pairs = d.as_flattened_mut().iter_mut().zip(y.as_flattened());
    match activation {
        Activation::Relu => pairs.for_each(|(d, y)| *d = if *y > 0.0 { *d } else { 0.0 }),
        Activation::Tanh => pairs.for_each(|(d, y)| {
            let y = scale * y;
            *d *= y.mul_add(-y, 1.0);
        }),
    }
}

/// `2^k` and `e^r - 1` for `x = k ln 2 + r` with `|r| <= ln(2) / 2`; `|x|` at most 87.
#[inline(always)]
fn exp_parts(x: f32) -> (f32, f32) {
    // Adding 1.5 * 2^23 rounds to an integer and leaves it in the lowest bits.
    const ROUND: f32 = 12_582_912.0;
    // The first part of ln 2 has so few bits that its product with k is exact.
    const LN_2_HIGH: f32 = 0.693_359_4;
    const LN_2_LOW: f32 = (std::f64::consts::LN_2 - LN_2_HIGH as f64) as f32;
    let shifted = x.mul_add(std::f32::consts::LOG2_E, ROUND);
    let k = shifted - ROUND;
    let r = k.mul_add(-LN_2_LOW, k.mul_add(-LN_2_HIGH, x));
    // Taylor's series; the first term left out is below 1e-8 of the sum.
    let mut sum = 1.0 / 5040.0;
    for factorial in [720.0, 120.0, 24.0, 6.0, 2.0, 1.0] {
        sum = r.mul_add(sum, 1.0 / factorial);
    }
    let two_to_k = f32::from_bits((shifted.to_bits() << 23).wrapping_add(1f32.to_bits()));
    (two_to_k, r * sum)
}

/// Exponential function, to a few units in the last place; nothing below -87 or above 87 counts.
#[inline(always)]
pub(crate) fn exp(x: f32) -> f32 {
    let (two_to_k, p) = exp_parts(x.clamp(-87.0, 87.0));
    two_to_k.mul_add(p, two_to_k)
}

/// Hyperbolic tangent, to a few units in the last place.
#[inline(always)]
fn tanh(x: f32) -> f32 {
    // Beyond 9 the result rounds to 1.
    let (two_to_k, p) = exp_parts(2.0 * x.clamp(-9.0, 9.0));
    let exp_m1 = two_to_k.mul_add(p, two_to_k - 1.0);
    exp_m1 / (exp_m1 + 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exp_agrees_with_the_library() {
        for k in -8600..=8600 {
            let x = k as f32 * 0.01 + 1e-3;
            let (found, expected) = (exp(x), (x as f64).exp());
            let error = (found as f64 - expected) / expected;
            assert!(error.abs() < 2e-7, "exp({x}) = {found}, {expected}");
        }
        assert_eq!(exp(0.0), 1.0);
        assert!(exp(f32::NAN).is_nan());
    }

    #[test]
    fn tanh_agrees_with_the_library() {
        for k in -4000..=4000 {
            let x = k as f32 * 0.005 + 1e-6;
            let (found, expected) = (tanh(x), (x as f64).tanh());
            let error = (found as f64 - expected) / expected.abs();
            assert!(error.abs() < 4e-7, "tanh({x}) = {found}, {expected}");
        }
        assert_eq!((tanh(0.0), tanh(f32::INFINITY)), (0.0, 1.0));
        assert!(tanh(f32::NAN).is_nan());
    }
}
