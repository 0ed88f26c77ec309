//! Observations on their way into a network: codes for the fused engine, ones and zeros for Burn.

use std::sync::OnceLock;

use burn::tensor::Tensor;
use offhook_env::belief::layout::Layout;

use crate::network::actor_critic::{device, one_hot};

/// Observations to train on, which minibatches take rows of.
pub struct Inputs {
    offsets: Vec<u32>,
    codes: Vec<u8>,
    /// The same as zeros and ones on the device, made when Burn first asks.
    one_hot: OnceLock<Tensor<2>>,
}

impl Inputs {
    /// Takes over the codes of many observations, row by row.
    pub fn upload(codes: &[u8], layout: &Layout) -> Self {
        Self {
            offsets: layout.one_hot_offsets(),
            codes: codes.to_vec(),
            one_hot: OnceLock::new(),
        }
    }

    /// First one-hot column of every feature, and the number of columns behind them.
    pub(crate) fn offsets(&self) -> &[u32] {
        &self.offsets
    }

    /// Codes of one row.
    pub(crate) fn codes(&self, row: u32) -> &[u8] {
        let n_features = self.offsets.len() - 1;
        &self.codes[row as usize * n_features..][..n_features]
    }

    /// All rows as zeros and ones on the device.
    pub(crate) fn one_hot(&self) -> &Tensor<2> {
        let upload = || {
            let columns = one_hot(&self.codes, &self.offsets);
            Tensor::from_data(columns, &device().autodiff())
        };
        self.one_hot.get_or_init(upload)
    }
}
