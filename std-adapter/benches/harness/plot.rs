//! The plot: for each figure how many times as good as the other we are, on a logarithmic scale.

use std::error::Error;

use plotters::coord::ranged1d::SegmentedCoord;
use plotters::coord::types::RangedCoordi32;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::case::Target;
use super::results::Results;
use super::rows::{Row, Verdict, rows};
use super::table::number;

const WIDTH: u32 = 900;
const ROW_HEIGHT: u32 = 26;
const LABELS_WIDTH: u32 = 330;
/// Beyond it only the number tells how far.
const SCALE: f64 = 100.0;
const FONT: &str = "sans-serif";

// On white, which is drawn as well: the page around it may be dark. Blue and orange are told apart by
// nearly everybody.
const INK: RGBColor = RGBColor(0x24, 0x29, 0x2f);
const FAINT: RGBColor = RGBColor(0xd0, 0xd7, 0xde);
const REACHED: RGBColor = RGBColor(0x1f, 0x77, 0xb4);
const MISSED: RGBColor = RGBColor(0xe0, 0x7b, 0x1a);
const UNJUDGED: RGBColor = RGBColor(0x9a, 0xa4, 0xaf);

/// As SVG.
pub(crate) fn ratios(results: &Results) -> Result<String, Box<dyn Error>> {
    let mut bars: Vec<Bar> = rows(results).iter().filter_map(Bar::of).collect();
    if bars.is_empty() {
        return Err("there is no ratio to plot".into());
    }
    bars.reverse(); // the first goes to the top, where numbers are highest
    let mut svg = String::new();
    let height = 110 + ROW_HEIGHT * bars.len() as u32;
    draw(&bars, &SVGBackend::with_string(&mut svg, (WIDTH, height)).into_drawing_area())?;
    Ok(svg)
}

struct Bar {
    title: String,
    /// The ratio, as far as the scale goes.
    end: f64,
    target: Option<f64>,
    colour: RGBColor,
    note: String,
}

impl Bar {
    /// Limits that are no ratio are in the table only.
    fn of(row: &Row) -> Option<Self> {
        if matches!(row.metric.target, Target::AtMost(_)) {
            return None;
        }
        let (ratio, (other, _)) = row.ratio().zip(row.other)?;
        let colour = match row.verdict() {
            Verdict::Reached => REACHED,
            Verdict::Missed => MISSED,
            Verdict::None => UNJUDGED,
        };
        Some(Self {
            title: format!("{} ({})", row.case.title, row.metric.unit),
            end: ratio.clamp(1.0 / SCALE, SCALE),
            target: row.target_ratio(),
            colour,
            note: format!("{} × {}", number(ratio), other.name()),
        })
    }
}

type Area<'a> = DrawingArea<SVGBackend<'a>, plotters::coord::Shift>;

fn draw(bars: &[Bar], area: &Area<'_>) -> Result<(), Box<dyn Error>> {
    area.fill(&WHITE)?;
    let text = |size: i32| (FONT, size).into_font().color(&INK);
    area.draw(&Text::new("How many times as good as the other", (16, 14), text(20)))?;
    legend(area, text(14))?;

    let rows = 0..bars.len() as i32 - 1; // the last of them included
    let mut chart = ChartBuilder::on(area)
        .margin(16)
        .margin_top(64)
        .set_label_area_size(LabelAreaPosition::Left, LABELS_WIDTH)
        .set_label_area_size(LabelAreaPosition::Bottom, 26)
        .build_cartesian_2d(extent(bars).log_scale(), rows.into_segmented())?;
    let title = |row: &SegmentValue<i32>| match row {
        SegmentValue::CenterOf(row) => bars.get(*row as usize).map_or("", |bar| &bar.title).into(),
        _ => String::new(),
    };
    chart
        .configure_mesh()
        .disable_y_mesh()
        .light_line_style(TRANSPARENT)
        .bold_line_style(FAINT)
        .axis_style(FAINT)
        .y_labels(bars.len())
        .y_label_formatter(&title)
        .x_label_formatter(&|ratio| number(*ratio))
        .label_style(text(14))
        .draw()?;

    for (bar, row) in bars.iter().zip(0..) {
        draw_bar(&mut chart, bar, row)?;
    }
    chart.draw_series([upright(1.0, 0, bars.len() as i32, INK.stroke_width(1))])?;
    area.present()?;
    Ok(())
}

type Chart<'a, 'b> = ChartContext<'a, SVGBackend<'b>, Cartesian2d<LogCoord<f64>, Rows>>;
type Rows = SegmentedCoord<RangedCoordi32>;

fn draw_bar(chart: &mut Chart<'_, '_>, bar: &Bar, row: i32) -> Result<(), Box<dyn Error>> {
    let corners = [(1.0, SegmentValue::Exact(row)), (bar.end, SegmentValue::Exact(row + 1))];
    let mut filled = Rectangle::new(corners, bar.colour.filled());
    filled.set_margin(5, 5, 0, 0);
    chart.draw_series([filled])?;
    if let Some(target) = bar.target {
        chart.draw_series([upright(target, row, row + 1, INK.stroke_width(3))])?;
    }
    let beyond = bar.end.max(bar.target.unwrap_or(1.0)).max(1.0);
    let left = (FONT, 13).into_font().color(&INK).pos(Pos::new(HPos::Left, VPos::Center));
    let note = EmptyElement::at((beyond, SegmentValue::CenterOf(row)))
        + Text::new(bar.note.clone(), (6, 0), left);
    chart.draw_series([note])?;
    Ok(())
}

/// A line over some rows.
fn upright(
    ratio: f64,
    bottom: i32,
    top: i32,
    style: ShapeStyle,
) -> PathElement<(f64, SegmentValue<i32>)> {
    PathElement::new([bottom, top].map(|row| (ratio, SegmentValue::Exact(row))), style)
}

/// What the colours and the marks mean, in a line.
fn legend(area: &Area<'_>, text: TextStyle<'_>) -> Result<(), Box<dyn Error>> {
    let meanings = [
        (16, REACHED, "target reached"),
        (146, MISSED, "not reached"),
        (256, UNJUDGED, "no target"),
    ];
    for (x, colour, meaning) in meanings {
        area.draw(&Rectangle::new([(x, 43), (x + 12, 55)], colour.filled()))?;
        area.draw(&Text::new(meaning, (x + 18, 43), text.clone()))?;
    }
    area.draw(&PathElement::new([(362, 41), (362, 57)], INK.stroke_width(3)))?;
    area.draw(&Text::new("target; right of 1 is better", (372, 43), text))?;
    Ok(())
}

/// From and to where, with room for what is written beside the bars.
fn extent(bars: &[Bar]) -> std::ops::Range<f64> {
    let ends = || bars.iter().map(|bar| bar.end);
    let least = ends().fold(0.5, f64::min);
    let most = ends().fold(4.0, f64::max);
    least * 0.8..most * 6.0
}
