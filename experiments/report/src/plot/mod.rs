//! Pictures of results, as SVG text or PNG bytes: the canvas, the axes and what all charts share.
//!
//! Charts are laid out in points on a page and drawn by the same code twice. The same input gives the same
//! bytes: the only font is compiled in.

mod curve;
mod forest;
mod label;
mod panels;

pub use curve::Chart;
pub use forest::{Forest, Row};
pub use panels::{Panel, PanelRow, Panels};

use std::sync::Once;

use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::register_font;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use offhook_lab::error::Failure;
use offhook_lab::printable::one_line;
use offhook_lab::unit::decimal;

/// One name for both backends: registered for PNG, a CSS font list in SVG.
const FACE: &str = "DejaVu Sans, Verdana, Arial, sans-serif";
pub(crate) const INK: RGBColor = RGBColor(34, 34, 34);
pub(crate) const GRAY: RGBColor = RGBColor(95, 95, 95);
pub(crate) const GRID: RGBColor = RGBColor(226, 226, 226);
/// Colors that remain distinct to color-blind readers (Okabe and Ito, 2008), darkest first.
pub(crate) const PALETTE: [RGBColor; 6] = [
    RGBColor(0, 114, 178),
    RGBColor(213, 94, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(230, 159, 0),
    RGBColor(86, 180, 233),
];
/// Font sizes in points of the page.
pub(crate) const TITLE: f64 = 21.0;
pub(crate) const TEXT: f64 = 14.0;
/// Left and right margin of a page.
pub(crate) const MARGIN: f64 = 18.0;

/// Dots of the written PNG per point of the page.
const PNG_SCALE: usize = 2;
/// PNG dots are averaged from squares of this many drawn ones, since plotters leaves edges jagged.
const SMOOTHING: usize = 2;
/// SVG coordinates are whole numbers in plotters, so that finer steps need a larger view box.
const SVG_SCALE: f64 = 4.0;

/// A picture could not be drawn; the message is the drawing library's.
#[derive(Debug, thiserror::Error)]
#[error("cannot draw the picture: {0}")]
pub struct PlotError(String);

impl From<PlotError> for Failure {
    fn from(error: PlotError) -> Self {
        Self::failed(error)
    }
}

/// Something that can be drawn as SVG and PNG.
pub trait Drawing {
    /// Width and height of the page in points.
    fn size(&self) -> (u32, u32);

    /// Draws onto a white page.
    ///
    /// # Errors
    /// If the backend fails, which neither of the two in use does on a sound picture.
    fn draw<B: DrawingBackend>(&self, canvas: &Canvas<B>) -> Result<(), PlotError>;

    /// The picture as a self-contained SVG document.
    ///
    /// # Errors
    /// As [`Drawing::draw`].
    fn svg(&self) -> Result<String, PlotError> {
        let (width, height) = self.size();
        let inner = (width * SVG_SCALE as u32, height * SVG_SCALE as u32);
        let mut text = String::new();
        let backend = SVGBackend::with_string(&mut text, inner);
        Canvas::new(backend, SVG_SCALE, 0.0)?.finish(self)?;
        let found = format!(r#"width="{}" height="{}""#, inner.0, inner.1);
        Ok(text.replacen(&found, &format!(r#"width="{width}" height="{height}""#), 1))
    }

    /// The picture as PNG bytes, at two dots per point.
    ///
    /// # Errors
    /// As [`Drawing::draw`].
    fn png(&self) -> Result<Vec<u8>, PlotError> {
        let (width, height) = self.size();
        let scale = PNG_SCALE * SMOOTHING;
        let inner = (width * scale as u32, height * scale as u32);
        let mut dots = vec![0; inner.0 as usize * inner.1 as usize * 3];
        let backend = BitMapBackend::with_buffer(&mut dots, inner);
        Canvas::new(backend, scale as f64, 0.18)?.finish(self)?;
        let (width, height) = (width as usize * PNG_SCALE, height as usize * PNG_SCALE);
        encode_png(&smooth(&dots, width, height), width, height).map_err(failed)
    }
}

/// A page to draw on; positions and sizes are points from the top left corner.
pub struct Canvas<B: DrawingBackend> {
    area: DrawingArea<B, Shift>,
    scale: f64,
    /// How far text hangs below where the backend centers it, as a share of its size: bitmaps center the
    /// whole font box, SVG the small letters, as the eye does.
    text_drop: f64,
}

impl<B: DrawingBackend> Canvas<B> {
    fn new(backend: B, scale: f64, text_drop: f64) -> Result<Self, PlotError> {
        static FONTS: Once = Once::new();
        FONTS.call_once(|| {
            // The fonts are compiled in and sound; a failure would show as a failing text.
            let _ = register_font(FACE, FontStyle::Normal, dejavu::sans::regular());
            let _ = register_font(FACE, FontStyle::Bold, dejavu::sans::bold());
        });
        let area = backend.into_drawing_area();
        area.fill(&WHITE).map_err(failed)?;
        Ok(Self {
            area,
            scale,
            text_drop,
        })
    }

    fn finish(self, drawing: &(impl Drawing + ?Sized)) -> Result<(), PlotError> {
        drawing.draw(&self)?;
        self.area.present().map_err(failed)
    }

    fn dot(&self, (x, y): (f64, f64)) -> (i32, i32) {
        (
            (x * self.scale).round() as i32,
            (y * self.scale).round() as i32,
        )
    }

    fn dots(&self, points: &[(f64, f64)]) -> Vec<(i32, i32)> {
        let mut dots: Vec<_> = points.iter().map(|p| self.dot(*p)).collect();
        dots.dedup();
        dots
    }

    /// An open line through `points`.
    pub(crate) fn line(
        &self,
        points: &[(f64, f64)],
        color: RGBColor,
        width: f64,
    ) -> Result<(), PlotError> {
        let style = color.stroke_width((width * self.scale).round() as u32);
        let dots = self.dots(points);
        if dots.len() < 2 {
            return Ok(());
        }
        self.area
            .draw(&PathElement::new(dots, style))
            .map_err(failed)
    }

    /// A straight line of dashes `on` points long with `off` points between them.
    pub(crate) fn dashes(
        &self,
        (from, to): ((f64, f64), (f64, f64)),
        (on, off): (f64, f64),
        color: RGBColor,
        width: f64,
    ) -> Result<(), PlotError> {
        let length = (to.0 - from.0).hypot(to.1 - from.1);
        let at = |done: f64| {
            let share = (done / length).min(1.0);
            (
                from.0 + share * (to.0 - from.0),
                from.1 + share * (to.1 - from.1),
            )
        };
        let mut done = 0.0;
        while done < length {
            self.line(&[at(done), at(done + on)], color, width)?;
            done += on + off;
        }
        Ok(())
    }

    /// A filled polygon; `alpha` is its opacity.
    pub(crate) fn polygon(
        &self,
        points: &[(f64, f64)],
        color: RGBColor,
        alpha: f64,
    ) -> Result<(), PlotError> {
        let polygon = Polygon::new(self.dots(points), color.mix(alpha).filled());
        self.area.draw(&polygon).map_err(failed)
    }

    /// The `kind`-th marker around `at`, on a white rim so that it stands off the lines.
    pub(crate) fn marker(
        &self,
        at: (f64, f64),
        kind: usize,
        color: RGBColor,
    ) -> Result<(), PlotError> {
        for (color, radius) in [(WHITE, 5.2), (color, 3.9)] {
            let corners: &[(f64, f64)] = match kind % 5 {
                0 => {
                    let radius = (radius * self.scale).round() as i32;
                    let circle = Circle::new(self.dot(at), radius, color.filled());
                    self.area.draw(&circle).map_err(failed)?;
                    continue;
                }
                1 => &[(-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)],
                2 => &[(0.0, -1.25), (1.15, 0.8), (-1.15, 0.8)],
                3 => &[(0.0, -1.3), (1.3, 0.0), (0.0, 1.3), (-1.3, 0.0)],
                _ => &[(0.0, 1.25), (1.15, -0.8), (-1.15, -0.8)],
            };
            let corners: Vec<_> = corners
                .iter()
                .map(|(x, y)| (at.0 + x * radius, at.1 + y * radius))
                .collect();
            self.polygon(&corners, color, 1.0)?;
        }
        Ok(())
    }

    /// One line of text, centered vertically on `at` and starting, centered or ending there.
    pub(crate) fn text(&self, text: &str, at: (f64, f64), style: Style) -> Result<(), PlotError> {
        let at = (at.0, at.1 + self.text_drop * style.size);
        let pos = Pos::new(style.side, VPos::Center);
        let style = self.font(style).color(&style.color).pos(pos);
        self.area
            .draw_text(&one_line(text), &style, self.dot(at))
            .map_err(failed)
    }

    /// Width of a text in points.
    pub(crate) fn width(&self, text: &str, style: Style) -> Result<f64, PlotError> {
        let style = self.font(style).color(&style.color);
        let (width, _) = self
            .area
            .estimate_text_size(&one_line(text), &style)
            .map_err(failed)?;
        Ok(f64::from(width) / self.scale)
    }

    /// `text`, shortened to fit `width` points.
    pub(crate) fn fit(&self, text: &str, width: f64, style: Style) -> Result<String, PlotError> {
        let (mut fitting, mut kept) = (text.to_string(), text.chars().count());
        while kept > 1 && self.width(&fitting, style)? > width {
            kept -= 1;
            let start: String = text.chars().take(kept).collect();
            fitting = format!("{}…", start.trim_end());
        }
        Ok(fitting)
    }

    /// Title and subtitle at the top left of a page of this width.
    pub(crate) fn heading(&self, title: &str, subtitle: &str, page: f64) -> Result<(), PlotError> {
        let room = page - 2.0 * MARGIN;
        let style = Style {
            size: TITLE,
            bold: true,
            ..Style::default()
        };
        self.text(&self.fit(title, room, style)?, (MARGIN, 24.0), style)?;
        let style = Style {
            color: GRAY,
            ..Style::default()
        };
        self.text(&self.fit(subtitle, room, style)?, (MARGIN, 47.0), style)
    }

    fn font(&self, style: Style) -> FontDesc<'static> {
        let weight = if style.bold {
            FontStyle::Bold
        } else {
            FontStyle::Normal
        };
        (FACE, style.size * self.scale, weight).into_font()
    }
}

/// How a text looks.
#[derive(Clone, Copy)]
pub(crate) struct Style {
    pub(crate) size: f64,
    pub(crate) bold: bool,
    pub(crate) color: RGBColor,
    pub(crate) side: HPos,
}

impl Default for Style {
    fn default() -> Self {
        Self {
            size: TEXT,
            bold: false,
            color: INK,
            side: HPos::Left,
        }
    }
}

/// Round numbers that divide an axis, and the decimals that tell them apart.
pub(crate) struct Ticks {
    pub(crate) at: Vec<f64>,
    pub(crate) decimals: usize,
}

impl Ticks {
    /// About `n` ticks from the last round number up to `low` to the first from `high`; `low < high`.
    pub(crate) fn around(low: f64, high: f64, n: usize) -> Self {
        let rough = (high - low) / n as f64;
        let power = rough.log10().floor();
        let base = 10f64.powf(power);
        let (step, power) = match rough / base {
            r if r < 1.5 => (base, power),
            r if r < 2.5 => (2.0 * base, power),
            r if r < 7.5 => (5.0 * base, power),
            _ => (10.0 * base, power + 1.0),
        };
        // A hair of tolerance keeps rounding from adding a tick beyond a round end.
        let (first, last) = (
            (low / step + 1e-9).floor() as i64,
            (high / step - 1e-9).ceil() as i64,
        );
        Self {
            at: (first..=last).map(|i| i as f64 * step).collect(),
            decimals: (-power).max(0.0) as usize,
        }
    }

    pub(crate) fn first(&self) -> f64 {
        self.at.first().copied().unwrap_or(0.0)
    }

    pub(crate) fn last(&self) -> f64 {
        self.at.last().copied().unwrap_or(1.0)
    }
}

/// Least and greatest of the finite values, opened up where they coincide; `0..1` where there are none.
pub(crate) fn span(values: impl Iterator<Item = f64>, least_width: f64) -> (f64, f64) {
    let (low, high) = values
        .filter(|v| v.is_finite())
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| {
            (low.min(v), high.max(v))
        });
    if low > high {
        return (0.0, 1.0);
    }
    let missing = (least_width.max(1e-6 * high.abs()) - (high - low)).max(0.0);
    (low - missing / 2.0, high + missing / 2.0)
}

/// A count as short as it goes: `950`, `20k`, `1.5M`, all on the scale that `greatest` asks for.
pub(crate) fn count_label(count: f64, greatest: f64, step: f64) -> String {
    let (unit, suffix) = match greatest.abs() {
        g if g >= 1e6 => (1e6, "M"),
        g if g >= 1e4 => (1e3, "k"),
        _ => (1.0, ""),
    };
    if count == 0.0 {
        return "0".into();
    }
    let decimals = (-(step / unit).log10().floor()).max(0.0) as usize;
    format!("{}{suffix}", decimal(count / unit, decimals))
}

fn failed(error: impl std::fmt::Display) -> PlotError {
    PlotError(error.to_string())
}

/// Averages squares of `SMOOTHING` x `SMOOTHING` drawn dots to one of `width` x `height`.
fn smooth(dots: &[u8], width: usize, height: usize) -> Vec<u8> {
    let mut out = Vec::with_capacity(width * height * 3);
    for y in 0..height {
        for x in 0..width {
            for channel in 0..3 {
                let sum: usize = (0..SMOOTHING * SMOOTHING)
                    .map(|i| {
                        let (row, column) =
                            (y * SMOOTHING + i / SMOOTHING, x * SMOOTHING + i % SMOOTHING);
                        usize::from(dots[(row * width * SMOOTHING + column) * 3 + channel])
                    })
                    .sum();
                out.push((sum / (SMOOTHING * SMOOTHING)) as u8);
            }
        }
    }
    out
}

fn encode_png(rgb: &[u8], width: usize, height: usize) -> Result<Vec<u8>, png::EncodingError> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width as u32, height as u32);
    encoder.set_color(png::ColorType::Rgb);
    encoder.write_header()?.write_image_data(rgb)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_hold_the_data() {
        let known = [
            ((0.0, 1.0), "0.0 0.2 0.4 0.6 0.8 1.0"),
            ((-3.2, 11.0), "-5 0 5 10 15"),
            ((70.31, 70.35), "70.31 70.32 70.33 70.34 70.35"),
        ];
        for ((low, high), expected) in known {
            let ticks = Ticks::around(low, high, 5);
            let texts = ticks.at.iter().map(|at| decimal(*at, ticks.decimals));
            assert_eq!(texts.collect::<Vec<_>>().join(" "), expected);
        }
    }

    #[test]
    fn equal_or_missing_values_still_span_an_axis() {
        assert_eq!(span([0.5, 0.5].into_iter(), 0.1), (0.45, 0.55));
        assert_eq!(span([f64::NAN].into_iter(), 0.1), (0.0, 1.0));
    }

    #[test]
    fn counts_are_short() {
        assert_eq!(count_label(20_000.0, 60_000.0, 20_000.0), "20k");
        assert_eq!(count_label(1_500_000.0, 2e6, 500_000.0), "1.5M");
        assert_eq!(count_label(0.0, 2e6, 500_000.0), "0");
        assert_eq!(count_label(950.0, 2_000.0, 50.0), "950");
    }
}
