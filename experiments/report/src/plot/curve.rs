//! Learning curves: a line with its band per learner, and fixed policies as dashed lines.

use plotters::prelude::*;
use plotters::style::text_anchor::HPos;

use super::label::{self, Label, Mark};
use super::{Canvas, Drawing, GRAY, GRID, INK, MARGIN, PlotError, Style, Ticks, count_label, span};
use offhook_lab::run::curve::{LearningCurve, Point};
use offhook_lab::unit::Unit;
use offhook_stats::Estimate;

/// A chart of learning curves.
#[derive(Clone, Debug, PartialEq)]
pub struct Chart {
    /// What is shown, in bold.
    pub title: String,
    /// How it was measured: statistic, interval, seeds and calls.
    pub subtitle: String,
    /// What `x` counts, such as "training calls".
    pub x_label: String,
    /// What the values are; the unit of shares is added by `unit`.
    pub y_label: String,
    /// How values are shown.
    pub unit: Unit,
    /// What was learned; beyond six, colors repeat with another marker. Points that are not finite are left out.
    pub curve: LearningCurve,
}

const SIZE: (u32, u32) = (800, 480);
const TOP: f64 = 96.0;
const BOTTOM: f64 = 426.0;
/// Where the data lie on the page.
struct Frame {
    left: f64,
    right: f64,
    x: (f64, f64),
    y: Ticks,
}

/// A curve or a reference with the points that can be drawn, at least one.
struct Line<'a> {
    mark: Mark,
    name: &'a str,
    points: Vec<Point>,
}

impl Frame {
    fn x(&self, x: f64) -> f64 {
        self.left + (x - self.x.0) / (self.x.1 - self.x.0) * (self.right - self.left)
    }

    /// `shown` is a value in shown units.
    fn y(&self, shown: f64) -> f64 {
        let share = (shown - self.y.first()) / (self.y.last() - self.y.first());
        BOTTOM - share.clamp(0.0, 1.0) * (BOTTOM - TOP)
    }
}

impl Drawing for Chart {
    fn size(&self) -> (u32, u32) {
        SIZE
    }

    fn draw<B: DrawingBackend>(&self, canvas: &Canvas<B>) -> Result<(), PlotError> {
        canvas.heading(&self.title, &self.subtitle, f64::from(SIZE.0))?;
        let mut lines = self.lines();
        let mut labels: Vec<Label> = lines.iter().map(|line| self.label(line)).collect();
        let room = label::fit(canvas, &mut labels)?;
        let frame = self.frame(canvas, &lines, f64::from(SIZE.0) - MARGIN - room)?;
        for line in &mut lines {
            // A reference reaches from edge to edge.
            if let (Mark::Reference(_), [start, end]) = (line.mark, line.points.as_mut_slice()) {
                (start.x, end.x) = frame.x;
            }
        }
        self.axes(canvas, &frame)?;
        // Bands first, so that none covers a line.
        for line in &lines {
            self.band(canvas, &frame, line)?;
        }
        for line in &lines {
            let points: Vec<_> = line.points.iter().map(|p| self.place(&frame, p)).collect();
            match (line.mark, points.as_slice()) {
                (Mark::Reference(_), [start, end]) => {
                    canvas.dashes((*start, *end), line.mark.dashes(), line.mark.color(), 1.6)?;
                }
                _ => canvas.line(&points, line.mark.color(), 2.3)?,
            }
        }
        for line in &lines {
            if let Mark::Curve(idx) = line.mark {
                for point_idx in marked(line.points.len(), idx) {
                    let at = self.place(&frame, &line.points[point_idx]);
                    canvas.marker(at, idx, line.mark.color())?;
                }
            }
        }
        let ends = lines.iter().filter_map(|line| line.points.last());
        let ends = ends.map(|p| self.place(&frame, p));
        label::write(
            canvas,
            frame.right,
            (TOP, BOTTOM),
            labels.into_iter().zip(ends).collect(),
        )
    }
}

impl Chart {
    /// All that can be drawn, what lies below first.
    fn lines(&self) -> Vec<Line<'_>> {
        let references = self.curve.references.iter().enumerate().map(|(idx, r)| {
            let point = Point { x: 0.0, y: r.y };
            (Mark::Reference(idx), &r.name, vec![point; 2])
        });
        let curves = self.curve.curves.iter().enumerate();
        let curves = curves.map(|(idx, c)| (Mark::Curve(idx), &c.name, c.points.clone()));
        references
            .chain(curves)
            .map(|(mark, name, mut points)| {
                points.retain(|p| p.x.is_finite() && p.y.value.is_finite());
                Line { mark, name, points }
            })
            .filter(|line| !line.points.is_empty())
            .collect()
    }

    fn label(&self, line: &Line) -> Label {
        let value = line.points.last().map(|p| self.unit.text(p.y.value));
        Label {
            name: line.name.to_string(),
            value: value.unwrap_or_default(),
            mark: line.mark,
        }
    }

    fn shown(&self, y: &Estimate) -> Option<(f64, f64)> {
        let (low, high) = y.bounds?;
        let (low, high) = (self.unit.shown(low), self.unit.shown(high));
        (low.is_finite() && high.is_finite()).then_some((low, high))
    }

    fn place(&self, frame: &Frame, point: &Point) -> (f64, f64) {
        (frame.x(point.x), frame.y(self.unit.shown(point.y.value)))
    }

    /// Axes that hold all data, ending at `right`.
    fn frame<B: DrawingBackend>(
        &self,
        canvas: &Canvas<B>,
        lines: &[Line],
        right: f64,
    ) -> Result<Frame, PlotError> {
        let curves = lines
            .iter()
            .filter(|line| matches!(line.mark, Mark::Curve(_)));
        let x = span(curves.flat_map(|line| &line.points).map(|p| p.x), 1.0);
        let values = lines.iter().flat_map(|line| &line.points).flat_map(|p| {
            let (low, high) = self.shown(&p.y).unwrap_or((f64::NAN, f64::NAN));
            [self.unit.shown(p.y.value), low, high]
        });
        let (low, high) = span(values, self.unit.shown(0.02));
        let y = Ticks::around(low, high, 5);
        let mut widest: f64 = 0.0;
        for tick in &y.at {
            let text = self.unit.tick(*tick, y.decimals);
            widest = widest.max(canvas.width(&text, Style::default())?);
        }
        let left = MARGIN + widest + 10.0;
        Ok(Frame { left, right, x, y })
    }

    fn axes<B: DrawingBackend>(&self, canvas: &Canvas<B>, frame: &Frame) -> Result<(), PlotError> {
        let gray = Style {
            color: GRAY,
            ..Style::default()
        };
        for tick in &frame.y.at {
            let y = frame.y(*tick);
            canvas.line(&[(frame.left, y), (frame.right, y)], GRID, 1.0)?;
            let text = self.unit.tick(*tick, frame.y.decimals);
            let style = Style {
                side: HPos::Right,
                ..gray
            };
            canvas.text(&text, (frame.left - 8.0, y), style)?;
        }
        canvas.line(&[(frame.left, BOTTOM), (frame.right, BOTTOM)], INK, 1.2)?;
        let ticks = Ticks::around(frame.x.0, frame.x.1, 5);
        let step = ticks.at.get(1).map_or(1.0, |second| second - ticks.first());
        let inside = |x: &&f64| **x >= frame.x.0 - 1e-9 * step && **x <= frame.x.1 + 1e-9 * step;
        for tick in ticks.at.iter().filter(inside) {
            let x = frame.x(*tick);
            canvas.line(&[(x, BOTTOM), (x, BOTTOM + 5.0)], INK, 1.2)?;
            let text = count_label(*tick, ticks.last(), step);
            canvas.text(
                &text,
                (x, BOTTOM + 16.0),
                Style {
                    side: HPos::Center,
                    ..gray
                },
            )?;
        }
        canvas.text(&self.y_label, (MARGIN, TOP - 22.0), Style::default())?;
        let at = (frame.right, BOTTOM + 37.0);
        canvas.text(
            &self.x_label,
            at,
            Style {
                side: HPos::Right,
                ..Style::default()
            },
        )
    }

    /// Shades between the bounds of neighboring points that both have them.
    fn band<B: DrawingBackend>(
        &self,
        canvas: &Canvas<B>,
        frame: &Frame,
        line: &Line,
    ) -> Result<(), PlotError> {
        let banded = |a: &Point, b: &Point| a.y.bounds.is_some() == b.y.bounds.is_some();
        let alpha = if matches!(line.mark, Mark::Curve(_)) {
            0.18
        } else {
            0.12
        };
        for run in line.points.chunk_by(banded).filter(|run| run.len() > 1) {
            let edge = |p: &Point| {
                self.shown(&p.y)
                    .map(|(low, high)| (frame.x(p.x), low, high))
            };
            let edges: Vec<_> = run.iter().filter_map(edge).collect();
            let above = edges.iter().map(|(x, _, high)| (*x, frame.y(*high)));
            let below = edges.iter().rev().map(|(x, low, _)| (*x, frame.y(*low)));
            canvas.polygon(
                &above.chain(below).collect::<Vec<_>>(),
                line.mark.color(),
                alpha,
            )?;
        }
        Ok(())
    }
}

/// Indices of the points that carry a marker: few, staggered from curve to curve, and always the last.
fn marked(n_points: usize, curve_idx: usize) -> impl Iterator<Item = usize> {
    let every = n_points.div_ceil(8).max(1);
    let offset = (curve_idx * every / 3) % every;
    let last = n_points.saturating_sub(1);
    // None so close before the last that the two would touch.
    let spread = (offset..last)
        .step_by(every)
        .filter(move |i| i + every.div_ceil(2) <= last);
    spread.chain((n_points > 0).then_some(last))
}

#[cfg(test)]
mod tests {
    use super::*;
    use offhook_lab::run::curve::{Curve, Reference};

    #[test]
    fn the_last_point_is_always_marked_once() {
        for n in [1, 2, 10, 11, 81] {
            let marks: Vec<usize> = marked(n, 1).collect();
            assert_eq!(marks.last(), Some(&(n - 1)));
            assert!(
                marks.len() <= 9 && marks.is_sorted_by(|a, b| a < b),
                "{n}: {marks:?}"
            );
        }
        assert_eq!(marked(0, 0).count(), 0);
    }

    #[test]
    fn the_same_figure_gives_the_same_bytes_and_survives_odd_data() {
        let point = |x, value| Point {
            x,
            y: Estimate::new(value, value - 0.1, value + 0.1),
        };
        let odd = [
            vec![],
            vec![point(0.0, 0.5)],
            vec![point(3.0, f64::NAN), point(3.0, 0.5), point(3.0, 0.5)],
            vec![point(0.0, f64::INFINITY)],
        ];
        for points in odd {
            let figure = Chart {
                title: "t".repeat(500),
                subtitle: "a < b & c".into(),
                x_label: "calls".into(),
                y_label: "return".into(),
                unit: Unit::plain("reward", 1),
                curve: LearningCurve {
                    curves: vec![Curve {
                        name: "n".repeat(200),
                        points,
                    }],
                    references: vec![Reference {
                        name: "r".into(),
                        y: Estimate::point(0.5),
                    }],
                },
            };
            let svg = figure.svg().expect("an SVG");
            assert_eq!(svg, figure.svg().expect("an SVG"));
            assert!(svg.contains("a &lt; b &amp; c") && svg.ends_with("</svg>\n"));
            let png = figure.png().expect("a PNG");
            assert!(png.starts_with(b"\x89PNG") && png == figure.png().expect("a PNG"));
        }
    }

    #[test]
    fn a_point_that_was_not_measured_is_left_out() {
        let picture = |values: &[f64]| {
            let at = |v: &f64| Point {
                x: 1.0,
                y: Estimate::point(*v),
            };
            let points = values.iter().map(at).collect();
            let figure = Chart {
                title: String::new(),
                subtitle: String::new(),
                x_label: String::new(),
                y_label: String::new(),
                unit: Unit::share(),
                curve: LearningCurve {
                    curves: vec![Curve {
                        name: "a".into(),
                        points,
                    }],
                    references: vec![],
                },
            };
            figure.svg().expect("an SVG")
        };
        assert_eq!(picture(&[0.1, f64::NAN, 0.5]), picture(&[0.1, 0.5]));
    }
}
