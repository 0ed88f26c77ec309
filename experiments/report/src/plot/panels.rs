//! Small multiples: a panel for each answer, in it a row of intervals for each kind of caller.
//!
//! One column, narrow enough for a telephone.

use plotters::prelude::*;
use plotters::style::text_anchor::HPos;

use super::{Canvas, Drawing, GRAY, GRID, INK, MARGIN, PALETTE, PlotError, Style, Ticks, span};
use offhook_lab::unit::Unit;
use offhook_stats::Estimate;

/// Panels one below the other.
#[derive(Clone, Debug, PartialEq)]
pub struct Panels {
    /// What is shown, in bold.
    pub title: String,
    /// What the values are.
    pub subtitle: String,
    /// How values are shown.
    pub unit: Unit,
    /// From top to bottom.
    pub panels: Vec<Panel>,
}

/// The intervals of one answer, on an axis of its own.
#[derive(Clone, Debug, PartialEq)]
pub struct Panel {
    /// The answer.
    pub title: String,
    /// From top to bottom.
    pub rows: Vec<PanelRow>,
}

/// One row; what was not measured is left out.
#[derive(Clone, Debug, PartialEq)]
pub struct PanelRow {
    /// Who answered.
    pub name: String,
    /// As it was recorded.
    pub recorded: Option<Estimate>,
    /// As it probably is.
    pub corrected: Option<Estimate>,
    /// As it truly is.
    pub truth: Option<f64>,
}

const WIDTH: u32 = 460;
/// Below the heading, where the keys of the marks stand.
const KEYS: f64 = 74.0;
const TOP: f64 = 96.0;
const TITLE: f64 = 30.0;
const ROW: f64 = 26.0;
const AXIS: f64 = 34.0;
const NAME: f64 = 96.0;
/// The colors of what was recorded, corrected, and is true.
const COLORS: [RGBColor; 3] = [PALETTE[0], PALETTE[1], INK];
/// The diamond.
const TRUTH: usize = 3;

impl Panel {
    fn height(&self) -> f64 {
        TITLE + self.rows.len() as f64 * ROW + AXIS
    }
}

impl PanelRow {
    fn intervals(&self) -> [Option<Estimate>; 2] {
        let finite = |e: &Estimate| {
            let (low, high) = e.bounds.unwrap_or((e.value, e.value));
            e.value.is_finite() && low.is_finite() && high.is_finite()
        };
        [self.recorded, self.corrected].map(|found| found.filter(finite))
    }

    fn truth(&self) -> Option<f64> {
        self.truth.filter(|truth| truth.is_finite())
    }
}

impl Drawing for Panels {
    fn size(&self) -> (u32, u32) {
        let height: f64 = self.panels.iter().map(Panel::height).sum();
        (WIDTH, (TOP + height) as u32)
    }

    fn draw<B: DrawingBackend>(&self, canvas: &Canvas<B>) -> Result<(), PlotError> {
        canvas.heading(&self.title, &self.subtitle, f64::from(WIDTH))?;
        self.keys(canvas)?;
        let mut top = TOP;
        for panel in &self.panels {
            self.panel(canvas, panel, top)?;
            top += panel.height();
        }
        Ok(())
    }
}

impl Panels {
    /// What the marks are, of those that are there.
    fn keys<B: DrawingBackend>(&self, canvas: &Canvas<B>) -> Result<(), PlotError> {
        let rows = || self.panels.iter().flat_map(|panel| &panel.rows);
        let there = [
            rows().any(|row| row.intervals()[0].is_some()),
            rows().any(|row| row.intervals()[1].is_some()),
            rows().any(|row| row.truth().is_some()),
        ];
        let names = ["recorded", "corrected", "true, all persons"];
        let mut x = MARGIN;
        for (kind, name) in names
            .into_iter()
            .enumerate()
            .filter(|(kind, _)| there[*kind])
        {
            match kind {
                TRUTH_KEY => canvas.marker((x + 6.0, KEYS), TRUTH, COLORS[kind])?,
                _ => bar(canvas, (x, x + 14.0), KEYS, COLORS[kind])?,
            }
            let gray = Style {
                color: GRAY,
                ..Style::default()
            };
            canvas.text(name, (x + 20.0, KEYS), gray)?;
            x += 20.0 + canvas.width(name, gray)? + 18.0;
        }
        Ok(())
    }

    fn panel<B: DrawingBackend>(
        &self,
        canvas: &Canvas<B>,
        panel: &Panel,
        top: f64,
    ) -> Result<(), PlotError> {
        let bold = Style {
            bold: true,
            ..Style::default()
        };
        let gray = Style {
            color: GRAY,
            ..Style::default()
        };
        let (left, right) = (MARGIN + NAME + 10.0, f64::from(WIDTH) - MARGIN - 12.0);
        let room = right + 12.0 - MARGIN;
        canvas.text(
            &canvas.fit(&panel.title, room, bold)?,
            (MARGIN, top + 14.0),
            bold,
        )?;

        let ends = panel.rows.iter().flat_map(|row| {
            let intervals = row.intervals().into_iter().flatten();
            let ends = intervals.flat_map(|e| {
                let (low, high) = e.bounds.unwrap_or((e.value, e.value));
                [low, high]
            });
            ends.chain(row.truth())
        });
        let (low, high) = span(
            ends.map(|value| self.unit.shown(value)),
            self.unit.shown(0.02),
        );
        let ticks = Ticks::around(low, high, 4);
        let across = |shown: f64| {
            let share = (shown - ticks.first()) / (ticks.last() - ticks.first());
            left + share.clamp(0.0, 1.0) * (right - left)
        };
        let x = |value: f64| across(self.unit.shown(value));
        let top = top + TITLE;
        let bottom = top + panel.rows.len() as f64 * ROW;
        for tick in &ticks.at {
            let x = across(*tick);
            canvas.line(&[(x, top), (x, bottom)], GRID, 1.0)?;
            let centered = Style {
                side: HPos::Center,
                ..gray
            };
            let text = self.unit.tick(*tick, ticks.decimals);
            canvas.text(&text, (x, bottom + 13.0), centered)?;
        }
        canvas.line(&[(left, bottom), (right, bottom)], INK, 1.2)?;
        for (k, row) in panel.rows.iter().enumerate() {
            let y = top + (k as f64 + 0.5) * ROW;
            let name = canvas.fit(&row.name, NAME, Style::default())?;
            canvas.text(&name, (MARGIN, y), Style::default())?;
            let intervals = row.intervals();
            let is_pair = intervals.iter().all(Option::is_some);
            for (kind, estimate) in intervals.into_iter().enumerate() {
                let Some(e) = estimate else { continue };
                // What was recorded stands above what is made of it.
                let y = if is_pair { y + [-5.0, 5.0][kind] } else { y };
                let (low, high) = e.bounds.unwrap_or((e.value, e.value));
                let (low, high) = (x(low).min(x(e.value) - 0.8), x(high).max(x(e.value) + 0.8));
                bar(canvas, (low, high), y, COLORS[kind])?;
                let value = [(x(e.value), y - 4.5), (x(e.value), y + 4.5)];
                canvas.line(&value, COLORS[kind], 2.4)?;
            }
            if let Some(truth) = row.truth() {
                canvas.marker((x(truth), y), TRUTH, COLORS[TRUTH_KEY])?;
            }
        }
        Ok(())
    }
}

/// The place of the truth among the keys.
const TRUTH_KEY: usize = 2;

fn bar<B: DrawingBackend>(
    canvas: &Canvas<B>,
    (low, high): (f64, f64),
    y: f64,
    color: RGBColor,
) -> Result<(), PlotError> {
    let corners = [
        (low, y - 3.5),
        (high, y - 3.5),
        (high, y + 3.5),
        (low, y + 3.5),
    ];
    canvas.polygon(&corners, color, 0.4)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_measured_is_left_out() {
        let row = |name: &str, recorded, truth| PanelRow {
            name: name.into(),
            recorded,
            corrected: None,
            truth,
        };
        let panels = Panels {
            title: "survey".into(),
            subtitle: String::new(),
            unit: Unit::share(),
            panels: vec![Panel {
                title: "fever: yes".into(),
                rows: vec![
                    row("north", Some(Estimate::new(0.12, 0.1, 0.14)), Some(0.11)),
                    row("nowhere", None, Some(f64::NAN)),
                ],
            }],
        };
        let svg = panels.svg().expect("an SVG");
        assert!(svg.contains("fever: yes") && svg.contains("true, all persons"));
        assert!(!svg.contains("corrected") && !svg.contains("NaN"));
        assert!(panels.png().expect("a PNG").starts_with(b"\x89PNG"));
    }
}
