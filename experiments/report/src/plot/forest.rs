//! Interval chart ("forest plot"): a name, a value and its interval per row, to compare final scores.

use plotters::prelude::*;
use plotters::style::text_anchor::HPos;

use super::{Canvas, Drawing, GRAY, GRID, INK, MARGIN, PALETTE, PlotError, Style, Ticks, span};
use offhook_lab::unit::Unit;
use offhook_stats::Estimate;

/// A chart of intervals, one per row.
#[derive(Clone, Debug, PartialEq)]
pub struct Forest {
    /// What is shown, in bold.
    pub title: String,
    /// How it was measured: statistic, interval, seeds and calls.
    pub subtitle: String,
    /// What the values are.
    pub x_label: String,
    /// How values are shown.
    pub unit: Unit,
    /// From top to bottom.
    pub rows: Vec<Row>,
    /// A value to mark by a dashed line, such as 0 for differences or 0.5 for a probability of improvement.
    pub mark: Option<f64>,
}

/// One row of a [`Forest`].
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// What was measured.
    pub name: String,
    /// Value and interval in raw units; a row that was not measured has a name only.
    pub estimate: Option<Estimate>,
}

const WIDTH: u32 = 800;
const TOP: f64 = 76.0;
const ROW: f64 = 32.0;
const AXIS: f64 = 62.0;

impl Drawing for Forest {
    fn size(&self) -> (u32, u32) {
        (WIDTH, (TOP + self.rows.len() as f64 * ROW + AXIS) as u32)
    }

    fn draw<B: DrawingBackend>(&self, canvas: &Canvas<B>) -> Result<(), PlotError> {
        let page = f64::from(WIDTH);
        canvas.heading(&self.title, &self.subtitle, page)?;
        let bold = Style {
            bold: true,
            ..Style::default()
        };
        let gray = Style {
            color: GRAY,
            ..Style::default()
        };

        let finite: Vec<Option<&Estimate>> = self.rows.iter().map(Row::finite).collect();
        let (mut left, mut room): (f64, f64) = (0.0, 0.0);
        for (row, estimate) in self.rows.iter().zip(&finite) {
            left = left.max(canvas.width(&row.name, bold)?);
            if let Some(e) = estimate {
                room = room.max(canvas.width(&self.unit.estimate(e), gray)?);
            }
        }
        let left = MARGIN + left.min(240.0) + 18.0;
        let right = page - MARGIN - room - 18.0;

        let ends = finite.iter().flatten().flat_map(|e| {
            let (low, high) = e.bounds.unwrap_or((e.value, e.value));
            [e.value, low, high]
        });
        let (low, high) = span(
            ends.chain(self.mark).map(|v| self.unit.shown(v)),
            self.unit.shown(0.02),
        );
        let ticks = Ticks::around(low, high, 5);
        let x = |value: f64| {
            let share = (self.unit.shown(value) - ticks.first()) / (ticks.last() - ticks.first());
            left + share.clamp(0.0, 1.0) * (right - left)
        };

        let bottom = TOP + self.rows.len() as f64 * ROW;
        for tick in &ticks.at {
            let x = left + (tick - ticks.first()) / (ticks.last() - ticks.first()) * (right - left);
            canvas.line(&[(x, TOP), (x, bottom)], GRID, 1.0)?;
            let text = self.unit.tick(*tick, ticks.decimals);
            canvas.text(
                &text,
                (x, bottom + 15.0),
                Style {
                    side: HPos::Center,
                    ..gray
                },
            )?;
        }
        canvas.line(&[(left, bottom), (right, bottom)], INK, 1.2)?;
        canvas.text(
            &self.x_label,
            (right, bottom + 37.0),
            Style {
                side: HPos::Right,
                ..Style::default()
            },
        )?;
        if let Some(mark) = self.mark.filter(|m| m.is_finite()) {
            canvas.dashes(((x(mark), TOP), (x(mark), bottom)), (6.0, 4.0), GRAY, 1.6)?;
        }
        for (idx, (row, estimate)) in self.rows.iter().zip(finite).enumerate() {
            let y = TOP + (idx as f64 + 0.5) * ROW;
            canvas.text(&canvas.fit(&row.name, 240.0, bold)?, (MARGIN, y), bold)?;
            let Some(e) = estimate else { continue };
            if let Some((low, high)) = e.bounds {
                // Never thinner than the eye can see, however sure the number.
                let (low, high) = (x(low).min(x(e.value) - 0.8), x(high).max(x(e.value) + 0.8));
                let bar = [
                    (low, y - 5.0),
                    (high, y - 5.0),
                    (high, y + 5.0),
                    (low, y + 5.0),
                ];
                canvas.polygon(&bar, PALETTE[0], 0.35)?;
            }
            let value = [(x(e.value), y - 8.5), (x(e.value), y + 8.5)];
            canvas.line(&value, PALETTE[0], 2.6)?;
            canvas.text(&self.unit.estimate(e), (right + 18.0, y), gray)?;
        }
        Ok(())
    }
}

impl Row {
    fn finite(&self) -> Option<&Estimate> {
        let finite = |e: &&Estimate| {
            e.value.is_finite()
                && e.bounds
                    .is_none_or(|(low, high)| low.is_finite() && high.is_finite())
        };
        self.estimate.as_ref().filter(finite)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_without_a_value_keeps_its_name() {
        let forest = Forest {
            title: "Completion".into(),
            subtitle: String::new(),
            x_label: "completed calls".into(),
            unit: Unit::share(),
            rows: vec![
                Row {
                    name: "script".into(),
                    estimate: Some(Estimate::new(0.5, 0.4, 0.6)),
                },
                Row {
                    name: "unmeasured".into(),
                    estimate: None,
                },
                Row {
                    name: "broken".into(),
                    estimate: Some(Estimate::point(f64::NAN)),
                },
            ],
            mark: Some(0.5),
        };
        let svg = forest.svg().expect("an SVG");
        assert!(svg.contains("50.0 % [40.0, 60.0]") && svg.contains("unmeasured"));
        assert!(!svg.contains("NaN"));
        assert!(forest.png().expect("a PNG").starts_with(b"\x89PNG"));
    }
}
