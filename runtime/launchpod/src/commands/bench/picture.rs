//! The picture: which share of calls was as quick as that.

use std::fmt::Write as _;

use super::sample::Sample;

const WIDTH: f64 = 860.0;
const HEIGHT: f64 = 420.0;
/// The frame's distance from the picture's left, top, right and bottom edge.
const MARGIN: [f64; 4] = [60.0, 20.0, 20.0, 50.0];
/// The latencies at the frame's sides, in milliseconds: powers of ten.
const DECADES: std::ops::RangeInclusive<i32> = 0..=5;
/// Colours that people with any kind of colour vision tell apart (Okabe and Ito).
const COLOURS: [&str; 6] = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9"];

/// An SVG with the cumulative distribution of each sample's latencies, over a logarithmic scale.
pub fn draw(samples: &[(String, Sample)]) -> String {
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" \
         font-family=\"sans-serif\" font-size=\"12\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n"
    );
    grid(&mut svg);
    for (index, (name, sample)) in samples.iter().enumerate() {
        let colour = COLOURS[index % COLOURS.len()];
        curve(&mut svg, &sample.sorted_ms(), colour);
        let (x, y) = (MARGIN[0] + 12.0, MARGIN[1] + 18.0 * (index as f64 + 1.0));
        line(&mut svg, format_args!("<text x=\"{x}\" y=\"{y}\" fill=\"{colour}\">{name}</text>"));
    }
    svg.push_str("</svg>\n");
    svg
}

fn grid(svg: &mut String) {
    let (left, right, bottom) = (MARGIN[0], WIDTH - MARGIN[2], HEIGHT - MARGIN[3]);
    for decade in DECADES {
        let at = x(10_f64.powi(decade));
        line(
            svg,
            format_args!(
                "<path d=\"M{at:.1} {top}V{bottom}\" stroke=\"#ddd\"/>\
                 <text x=\"{at:.1}\" y=\"{label}\" text-anchor=\"middle\">{value}</text>",
                top = MARGIN[1],
                label = bottom + 18.0,
                value = 10_i64.pow(decade.unsigned_abs()),
            ),
        );
    }
    for percent in [0, 50, 95, 100] {
        let at = y(f64::from(percent) / 100.0);
        line(
            svg,
            format_args!(
                "<path d=\"M{left} {at:.1}H{right}\" stroke=\"#ddd\"/>\
                 <text x=\"{label}\" y=\"{at:.1}\" text-anchor=\"end\">{percent} %</text>",
                label = left - 6.0,
            ),
        );
    }
    let (middle, below) = ((left + right) / 2.0, bottom + 38.0);
    line(
        svg,
        format_args!(
            "<text x=\"{middle}\" y=\"{below}\" text-anchor=\"middle\">milliseconds</text>"
        ),
    );
}

fn curve(svg: &mut String, sorted_ms: &[f64], colour: &str) {
    let mut points = String::new();
    for (index, latency) in sorted_ms.iter().enumerate() {
        let share = (index + 1) as f64 / sorted_ms.len() as f64;
        let _ = write!(points, "{:.1},{:.1} ", x(*latency), y(share));
    }
    line(
        svg,
        format_args!(
            "<polyline points=\"{points}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"/>"
        ),
    );
}

/// Where a latency in milliseconds is.
fn x(latency: f64) -> f64 {
    let (first, last) = (f64::from(*DECADES.start()), f64::from(*DECADES.end()));
    let share = ((latency.log10() - first) / (last - first)).clamp(0.0, 1.0);
    MARGIN[0] + share * (WIDTH - MARGIN[0] - MARGIN[2])
}

/// Where a share of calls is.
fn y(share: f64) -> f64 {
    HEIGHT - MARGIN[3] - share * (HEIGHT - MARGIN[1] - MARGIN[3])
}

fn line(svg: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a String can't fail.
    let _ = writeln!(svg, "{text}");
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn quicker_is_further_left_and_the_last_call_is_at_the_top() {
        let mut sample = Sample::default();
        for millis in [100, 1, 10] {
            sample.add(Some(Duration::from_millis(millis)));
        }
        let svg = draw(&[("one".to_owned(), sample)]);
        assert!(svg.contains("points=\"60.0,253.3 216.0,136.7 372.0,20.0 \""), "{svg}");
        assert!(svg.starts_with("<svg") && svg.ends_with("</svg>\n"));
    }
}
