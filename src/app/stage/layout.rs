//! Where things stand on the stage, in the units of its view box. Angles and decimals are left to
//! JavaScript and to whole numbers: what Rust would link for them weighs more than this whole room.

use std::f64::consts::TAU;

use conclave::sim::{NodeId, Seat};
use js_sys::Math;

/// A point on the stage.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// To the right.
    pub x: f64,
    /// Down.
    pub y: f64,
}

impl Point {
    /// The point that lies a part of the way from here to there.
    pub fn towards(self, there: Self, part: f64) -> Self {
        Self { x: self.x + (there.x - self.x) * part, y: self.y + (there.y - self.y) * part }
    }
}

/// The stage's measures for a cluster of some size.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Layout {
    /// How many nodes.
    pub nodes: u8,
    /// The view box's width.
    pub width: f64,
    /// The view box's height.
    pub height: f64,
    /// The radius of a node.
    pub radius: f64,
}

/// How far a message keeps to the right of its link's middle, so that both directions can be told.
const LANE: f64 = 5.0;

impl Layout {
    /// The measures for so many nodes, on a wide stage or on a square one.
    pub fn new(nodes: u8, wide: bool) -> Self {
        let (width, height) = if wide { (860.0, 560.0) } else { (520.0, 520.0) };
        let mut layout = Self { nodes, width, height, radius: 40.0 };
        // Neighbours on the ring keep a distance of a quarter of their size.
        let (a, b) = layout.ring();
        let around = TAU * ((a * a + b * b) / 2.0).sqrt() / f64::from(nodes.max(1));
        layout.radius = (around / 2.9).clamp(8.0, 40.0);
        layout
    }

    /// The half axes of the ring that nodes stand on.
    fn ring(&self) -> (f64, f64) {
        (self.width * 0.5 - 100.0, self.height * 0.5 - 68.0)
    }

    /// The middle, where the clients are.
    pub fn centre(&self) -> Point {
        // A ring of an odd number reaches less far down than up.
        let (_, b) = self.ring();
        let lower = match self.nodes {
            odd if odd > 1 && odd % 2 == 1 => {
                b * (1.0 - Math::cos(TAU / 2.0 / f64::from(odd))) / 2.0
            }
            _ => 0.0,
        };
        Point { x: self.width / 2.0, y: self.height / 2.0 - 8.0 + lower }
    }

    /// Where a node stands: the first at the top, the others clockwise.
    pub fn node(&self, node: NodeId) -> Point {
        let Point { x, y } = self.centre();
        if self.nodes == 1 {
            return Point { x, y: y - 120.0 };
        }
        let angle = TAU * (f64::from(node.0) / f64::from(self.nodes) - 0.25);
        let (a, b) = self.ring();
        // Equal angles would crowd the narrow ends of the ellipse.
        let angle = angle + (a - b) / (a + b) / 2.0 * Math::sin(2.0 * angle);
        Point { x: x + a * Math::cos(angle), y: y + b * Math::sin(angle) }
    }

    /// Where a node or the clients stand.
    pub fn seat(&self, seat: Seat) -> Point {
        match seat {
            Seat::Node(node) => self.node(node),
            Seat::Client(_) => self.centre(),
        }
    }

    /// Where a message is that has come a part of its way, from edge to edge.
    pub fn flight(&self, from: Seat, to: Seat, part: f64) -> Point {
        let (start, end) = (self.seat(from), self.seat(to));
        let (dx, dy) = (end.x - start.x, end.y - start.y);
        let length = (dx * dx + dy * dy).sqrt().max(1.0);
        let edge = (self.radius / length).min(0.45);
        let along = edge + (1.0 - 2.0 * edge) * part;
        let point = start.towards(end, along);
        Point { x: point.x - dy / length * LANE, y: point.y + dx / length * LANE }
    }

    /// The `transform` that moves something to a point.
    pub fn translate(Point { x, y }: Point) -> String {
        format!("translate({} {})", tenths(x), tenths(y))
    }

    /// Whether there is room to write inside nodes and to draw every link.
    pub fn roomy(&self) -> bool {
        self.radius >= 26.0
    }
}

/// A coordinate, to a tenth, as the value of an attribute.
pub fn tenths(value: f64) -> String {
    let tenths = (value * 10.0).round() as i64;
    let sign = if tenths < 0 { "-" } else { "" };
    let tenths = tenths.unsigned_abs();
    format!("{sign}{}.{}", tenths / 10, tenths % 10)
}
