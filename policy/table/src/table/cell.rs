//! A cell: the box of observations that one rule covers, as one set of levels per feature.

/// A box in the space of observations: for each feature the set of levels allowed, bit `l` for
/// level `l`.
///
/// Cells compare feature by feature, so two cells are only comparable when they belong to one
/// [`Layout`](crate::Layout).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cell {
    masks: Vec<u16>,
}

impl Cell {
    /// A cell from one level mask per feature, in layout order.
    #[must_use]
    pub fn new(masks: Vec<u16>) -> Self {
        Self { masks }
    }

    /// One level mask per feature, in layout order.
    #[must_use]
    pub fn masks(&self) -> &[u16] {
        &self.masks
    }

    /// The same cell with the levels of one feature replaced.
    ///
    /// # Panics
    /// If `feature_idx` is not below the number of features.
    #[must_use]
    pub fn with(&self, feature_idx: usize, mask: u16) -> Self {
        let mut masks = self.masks.clone();
        masks[feature_idx] = mask;
        Self { masks }
    }

    /// Whether some feature allows no level, so that the cell holds no observation.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.masks.contains(&0)
    }

    /// Whether some observation lies in both cells.
    #[must_use]
    pub fn overlaps(&self, other: &Self) -> bool {
        self.masks.iter().zip(&other.masks).all(|(a, b)| a & b != 0)
    }

    /// The observations in both cells, or `None` when there are none.
    #[must_use]
    pub fn intersect(&self, other: &Self) -> Option<Self> {
        let both = Self::new(
            self.masks
                .iter()
                .zip(&other.masks)
                .map(|(a, b)| a & b)
                .collect(),
        );
        (!both.is_empty()).then_some(both)
    }

    /// Whether every observation of `other` lies in this cell.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        self.masks
            .iter()
            .zip(&other.masks)
            .all(|(a, b)| b & !a == 0)
    }

    /// Whether the observation with these level codes, in layout order, lies in this cell.
    #[must_use]
    pub fn contains(&self, codes: &[u8]) -> bool {
        codes.len() == self.masks.len()
            && self
                .masks
                .iter()
                .zip(codes)
                .all(|(mask, &code)| code < 16 && mask >> code & 1 == 1)
    }

    /// Joins two cells that differ in one feature only; their union is then a cell as well.
    pub(crate) fn join(&self, other: &Self) -> Option<Self> {
        let mut differing = (0..self.masks.len()).filter(|&f| self.masks[f] != other.masks[f]);
        let feature = differing.next()?;
        match differing.next() {
            Some(_) => None,
            None => Some(self.with(feature, self.masks[feature] | other.masks[feature])),
        }
    }

    /// The number of observations in the cell.
    pub(crate) fn volume(&self) -> Volume {
        Volume::product(self.masks.iter().map(|mask| mask.count_ones()))
    }

    /// The number of observations in both cells, without building their intersection.
    pub(crate) fn shared_volume(&self, other: &Self) -> Volume {
        Volume::product(
            self.masks
                .iter()
                .zip(&other.masks)
                .map(|(a, b)| (a & b).count_ones()),
        )
    }
}

/// The level numbers in a mask, ascending.
pub fn levels_in(mask: u16) -> impl Iterator<Item = usize> {
    (0..16).filter(move |level| mask >> level & 1 == 1)
}

/// An exact count of observations; 96 features of 16 levels make 2^384, beyond `u128`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Volume([u64; N_LIMBS]);

/// Enough for sums of the largest counts over all rules.
const N_LIMBS: usize = 7;

impl Volume {
    pub(crate) const ZERO: Self = Self([0; N_LIMBS]);

    /// The product of up to 96 factors of at most 16 each.
    fn product(factors: impl Iterator<Item = u32>) -> Self {
        let mut limbs = [0; N_LIMBS];
        limbs[0] = 1;
        for factor in factors {
            let mut carry = 0;
            for limb in &mut limbs {
                let wide = u128::from(*limb) * u128::from(factor) + carry;
                *limb = wide as u64;
                carry = wide >> 64;
            }
        }
        Self(limbs)
    }

    /// The sum; counts of a layout and sums over 2^12 rules stay far below 2^448.
    pub(crate) fn plus(self, other: Self) -> Self {
        let mut limbs = [0; N_LIMBS];
        let mut carry = 0;
        for (sum, (a, b)) in limbs.iter_mut().zip(self.0.iter().zip(&other.0)) {
            let wide = u128::from(*a) + u128::from(*b) + carry;
            *sum = wide as u64;
            carry = wide >> 64;
        }
        Self(limbs)
    }

    /// The nearest float, for shares and for print.
    pub(crate) fn as_f64(self) -> f64 {
        self.0
            .iter()
            .rev()
            .fold(0.0, |sum, &limb| sum * 2f64.powi(64) + limb as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_volume_of_the_largest_layout_is_exact() {
        let whole = Cell::new(vec![u16::MAX; 96]);
        assert_eq!(whole.volume(), Volume([0, 0, 0, 0, 0, 0, 1]));
        assert_eq!(whole.volume().as_f64(), 2f64.powi(384));
        let half = whole.with(7, 0x00ff);
        assert_eq!(half.volume().plus(half.volume()), whole.volume());
    }

    #[test]
    fn cells_overlap_only_where_every_feature_shares_a_level() {
        let a = Cell::new(vec![0b011, 0b01]);
        let b = Cell::new(vec![0b110, 0b11]);
        assert_eq!(a.intersect(&b), Some(Cell::new(vec![0b010, 0b01])));
        assert!(a.overlaps(&b) && !a.overlaps(&b.with(1, 0b10)));
        assert!(!a.covers(&b) && b.covers(&Cell::new(vec![0b100, 0b01])));
        assert_eq!(a.shared_volume(&b), Cell::new(vec![0b010, 0b01]).volume());
    }

    #[test]
    fn cells_join_only_when_one_feature_differs() {
        let a = Cell::new(vec![0b01, 0b01]);
        assert_eq!(
            a.join(&Cell::new(vec![0b10, 0b01])),
            Some(Cell::new(vec![0b11, 0b01]))
        );
        assert_eq!(a.join(&Cell::new(vec![0b10, 0b10])), None);
    }

    #[test]
    fn a_cell_contains_no_code_beyond_its_levels_and_no_short_observation() {
        let cell = Cell::new(vec![u16::MAX, 0b1]);
        assert!(cell.contains(&[15, 0]));
        assert!(!cell.contains(&[16, 0]) && !cell.contains(&[255, 0]) && !cell.contains(&[3]));
    }
}
