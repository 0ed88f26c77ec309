//! Labels beside a chart, each tied to the end of the line that it names.

use plotters::prelude::*;

use super::{Canvas, GRAY, PALETTE, PlotError, Style};

/// A name and a value at the right of a chart.
pub(crate) struct Label {
    pub(crate) name: String,
    pub(crate) value: String,
    pub(crate) mark: Mark,
}

/// What the line of a label looks like; the number is its place among its kind.
#[derive(Clone, Copy)]
pub(crate) enum Mark {
    Curve(usize),
    Reference(usize),
}

/// Greatest width of a label, its name cut to fit.
const ROOM: f64 = 250.0;
/// From the chart's right edge to the key of a label, and from there to its name.
const TIE: f64 = 26.0;
const KEY: f64 = 14.0;
const BETWEEN: f64 = 8.0;
const LINE_HEIGHT: f64 = 18.0;
/// Dash and gap of the reference lines, in turn.
const DASHES: [(f64, f64); 3] = [(8.0, 5.0), (2.0, 3.5), (12.0, 3.0)];

impl Mark {
    pub(crate) fn color(self) -> RGBColor {
        match self {
            Mark::Curve(idx) => PALETTE[idx % PALETTE.len()],
            Mark::Reference(_) => GRAY,
        }
    }

    pub(crate) fn dashes(self) -> (f64, f64) {
        let (Mark::Curve(idx) | Mark::Reference(idx)) = self;
        DASHES[idx % DASHES.len()]
    }

    fn style(self) -> Style {
        let bold = matches!(self, Mark::Curve(_));
        Style {
            bold,
            ..Style::default()
        }
    }
}

/// Cuts names that are too long and returns the width to keep free beside the chart.
pub(crate) fn fit<B: DrawingBackend>(
    canvas: &Canvas<B>,
    labels: &mut [Label],
) -> Result<f64, PlotError> {
    let mut widest: f64 = 0.0;
    for label in labels {
        let value = canvas.width(&label.value, Style::default())?;
        let style = label.mark.style();
        label.name = canvas.fit(&label.name, ROOM - TIE - KEY - BETWEEN - value, style)?;
        let name = canvas.width(&label.name, style)?;
        widest = widest.max(TIE + KEY + name + BETWEEN + value);
    }
    Ok(widest)
}

/// Writes labels, each with the end of its line, beside the chart that ends at `right`; they are pushed
/// apart where lines end close together.
pub(crate) fn write<B: DrawingBackend>(
    canvas: &Canvas<B>,
    right: f64,
    (top, bottom): (f64, f64),
    mut labels: Vec<(Label, (f64, f64))>,
) -> Result<(), PlotError> {
    labels.sort_by(|a, b| a.1.1.total_cmp(&b.1.1));
    let wanted: Vec<f64> = labels.iter().map(|(_, end)| end.1).collect();
    for ((label, end), y) in labels
        .iter()
        .zip(spread(&wanted, LINE_HEIGHT, (top, bottom)))
    {
        let (key, name) = (right + TIE, right + TIE + KEY);
        let clear = if matches!(label.mark, Mark::Curve(_)) {
            7.0
        } else {
            2.0
        };
        let tie = [
            (end.0 + clear, end.1),
            (right + clear, end.1),
            (key - 7.0, y),
        ];
        canvas.line(&tie, RGBColor(170, 170, 170), 0.9)?;
        match label.mark {
            Mark::Curve(idx) => canvas.marker((key, y), idx, label.mark.color())?,
            Mark::Reference(_) => {
                let ends = ((key - 7.0, y), (key + 8.0, y));
                canvas.dashes(ends, label.mark.dashes(), label.mark.color(), 1.6)?;
            }
        }
        canvas.text(&label.name, (name, y), label.mark.style())?;
        let offset = canvas.width(&label.name, label.mark.style())? + BETWEEN;
        canvas.text(
            &label.value,
            (name + offset, y),
            Style {
                color: GRAY,
                ..Style::default()
            },
        )?;
    }
    Ok(())
}

/// Positions close to the `wanted` ascending ones, at least `gap` apart and within `range` if they fit:
/// neighbors that collide form a block around their mean.
fn spread(wanted: &[f64], gap: f64, range: (f64, f64)) -> Vec<f64> {
    // A block holds the sum of the starts that its members wish for, and their number.
    let start = |(sum, n): (f64, usize)| {
        let latest = range.1 - gap * (n - 1) as f64;
        (sum / n as f64).min(latest).max(range.0)
    };
    let mut blocks: Vec<(f64, usize)> = Vec::new();
    for y in wanted {
        let mut block = (*y, 1);
        while let Some(above) = blocks.last().copied() {
            if start(above) + gap * above.1 as f64 <= start(block) {
                break;
            }
            blocks.pop();
            let shift = gap * (above.1 * block.1) as f64;
            block = (above.0 + block.0 - shift, above.1 + block.1);
        }
        blocks.push(block);
    }
    blocks
        .iter()
        .flat_map(|b| (0..b.1).map(move |i| start(*b) + gap * i as f64))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_that_collide_share_the_shift() {
        assert_eq!(spread(&[10.0, 50.0], 10.0, (0.0, 100.0)), [10.0, 50.0]);
        assert_eq!(
            spread(&[50.0, 50.0, 50.0], 10.0, (0.0, 100.0)),
            [40.0, 50.0, 60.0]
        );
        assert_eq!(spread(&[99.0, 99.0], 10.0, (0.0, 100.0)), [90.0, 100.0]);
        assert_eq!(
            spread(&[1.0, 1.0, 16.0], 10.0, (0.0, 100.0)),
            [0.0, 10.0, 20.0]
        );
    }
}
