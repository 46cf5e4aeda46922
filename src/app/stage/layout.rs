//! Where things stand on the stage, in the units of its view box. Angles and decimals are left to
//! JavaScript and to whole numbers: what Rust would link for them weighs more than this whole room.

use std::f64::consts::TAU;

use conclave::scene::Scene;
use conclave::sim::{NodeId, NodeSet, Seat};
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
    /// Where roles are placed apart: who stands in which column.
    pub columns: Option<[NodeSet; 3]>,
}

/// How far a message keeps to the right of its link's middle, so that both directions can be told.
const LANE: f64 = 5.0;
/// How much room columns leave above them, for their names, and below.
const MARGIN: f64 = 44.0;

impl Layout {
    /// The measures for a cluster, on a wide stage or on a square one; a wide one may be low.
    pub fn new(scene: &Scene, wide: bool, low: bool) -> Self {
        let (width, height) = match (wide, low) {
            (false, _) => (520.0, 520.0),
            (true, false) => (860.0, 560.0),
            (true, true) => (860.0, 340.0),
        };
        let (nodes, columns) = (scene.nodes.len() as u8, None);
        let mut layout = Self { nodes, width, height, radius: 40.0, columns };
        layout.mind(scene);
        layout
    }

    /// Moves the nodes to where a setting of the cluster has put them.
    pub fn mind(&mut self, scene: &Scene) {
        self.columns =
            scene.columns.as_ref().map(|columns| columns.each_ref().map(|each| each.nodes));
        let room = match self.columns {
            Some(columns) => {
                let most = columns.iter().map(|column| column.len()).max().unwrap_or(1);
                (self.height - 2.0 * MARGIN) / f64::from(most.max(1))
            }
            None => {
                let (a, b) = self.ring();
                TAU * ((a * a + b * b) / 2.0).sqrt() / f64::from(self.nodes.max(1))
            }
        };
        // Neighbours keep a distance of a quarter of their size.
        self.radius = (room / 2.9).clamp(8.0, 40.0);
    }

    /// The half axes of the ring that nodes stand on.
    fn ring(&self) -> (f64, f64) {
        (self.width * 0.5 - 100.0, self.height * 0.5 - 68.0)
    }

    /// The middle of a column.
    pub fn column(&self, place: usize) -> f64 {
        self.width * (0.3 + 0.29 * place as f64)
    }

    /// Where the name of a column stands.
    pub const HEADING: f64 = MARGIN * 0.6;

    /// Whether two nodes stand in one column: what they say to each other is nothing to draw.
    pub fn share_column(&self, one: NodeId, other: NodeId) -> bool {
        let both = |column: &NodeSet| column.contains(one) && column.contains(other);
        self.columns.is_some_and(|columns| columns.iter().any(both))
    }

    /// Where the clients are: in the middle of the ring, or before all columns.
    pub fn centre(&self) -> Point {
        if self.columns.is_some() {
            return Point { x: self.width * 0.095, y: self.height / 2.0 };
        }
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

    /// Where a node stands: in its column, or on the ring, the first at the top, the others clockwise.
    pub fn node(&self, node: NodeId) -> Point {
        let columns = self.columns.iter().flatten().enumerate();
        if let Some((place, column)) = { columns }.find(|(_, column)| column.contains(node)) {
            let above = column.iter().take_while(|&each| each < node).count();
            let part = (above as f64 + 0.5) / f64::from(column.len());
            let y = MARGIN + (self.height - 2.0 * MARGIN) * part;
            return Point { x: self.column(place), y };
        }
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
