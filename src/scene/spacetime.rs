//! The space–time diagram: a lane for each node, time along them, an arrow for each message.
//!
//! One way to draw it serves the page and its files: [`draw`] tells a [`Pen`] what to put where, in
//! tenths of a pixel, and what is drawn depends on nothing but its arguments.

use super::Epoch;
use super::trace::{Arrow, Fate, Standing, Trace};
use crate::sim::node::Status;
use crate::sim::timeline::{Beat, BeatKind};
use crate::sim::{ClientId, MessageId, Micros, NodeId, Seat};

/// The most arrows that are drawn one by one; of more, the diagram shows how many there are.
pub const MOST_ARROWS: usize = 2_000;
/// The least time that a view shows.
pub const LEAST_SPAN: Micros = Micros(1_000);
/// The most clients with lanes of their own; more share one.
const MOST_CLIENTS: u16 = 4;
/// The room before the time shown, for names, and beside the lanes, for the clock; if time runs to
/// the right, and if it runs down.
const HEADS: [(i64, i64); 2] = [(440, 240), (240, 560)];
/// How broad a bar of a dense view is.
const BAR: i64 = 30;
/// How near to a thing a click counts as on it.
const NEAR: i64 = 90;

/// A colour, by what it is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ink {
    /// What everything is drawn on.
    Ground,
    /// Lines that guide the eye.
    Line,
    /// Text that is not first.
    Soft,
    /// Text, and what belongs to no epoch.
    Plain,
    /// What the reader looks at.
    Accent,
    /// What went wrong.
    Bad,
    /// What was decided.
    Good,
    /// One of the six colours of epochs.
    Epoch(u8),
}

/// A place on the diagram, in tenths of a pixel from its upper left corner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spot {
    /// To the right.
    pub x: i64,
    /// Down.
    pub y: i64,
}

/// Somebody who draws.
pub trait Pen {
    /// Lines of one kind follow. The width is in tenths of a pixel, too.
    fn begin(&mut self, ink: Ink, width: i64, dashed: bool);
    /// One of them.
    fn line(&mut self, from: Spot, to: Spot);
    /// That was the last of them.
    fn end(&mut self);
    /// Fills a rectangle between two corners; `faint` lets shine through what is below.
    fn fill(&mut self, ink: Ink, faint: bool, from: Spot, to: Spot);
    /// Writes a text from a spot on its base line on, or around it if `centred`.
    fn write(&mut self, ink: Ink, centred: bool, at: Spot, text: &str);
}

/// Which part of time is shown, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct View {
    /// The first moment shown.
    pub from: Micros,
    /// How much time is shown, at least [`LEAST_SPAN`].
    pub span: Micros,
    /// How broad the diagram is, in pixels.
    pub width: u32,
    /// How high the diagram is, in pixels.
    pub height: u32,
    /// Whether time runs down instead of to the right.
    pub down: bool,
}

/// What is shown.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// What happened.
    pub trace: &'a Trace,
    /// What was worth a stop, in order.
    pub beats: &'a [Beat],
    /// The present moment.
    pub now: Micros,
    /// The node that is selected.
    pub node: Option<NodeId>,
    /// The message that is selected.
    pub message: Option<MessageId>,
    /// The name of the number that counts leaderships.
    pub epoch_name: &'a str,
    /// What the lane is called that many clients share.
    pub clients: &'a str,
}

/// What can be seen of a diagram.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// How many messages were on their way in the time shown.
    pub messages: usize,
    /// How many of them were lost.
    pub lost: usize,
    /// Whether they are too many to be drawn one by one.
    pub merged: bool,
}

/// What was hit by a click.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hit {
    /// The moment; of a message, one at which it was under way.
    pub at: Micros,
    /// Whose lane, if any.
    pub seat: Option<Seat>,
    /// Which message, if any.
    pub message: Option<MessageId>,
}

/// How a line is drawn: its ink, its width in tenths of a pixel, and whether it is dashed.
type Stroke = (Ink, i64, bool);

/// Lines that wait to be drawn, all of one stroke together.
#[derive(Default)]
struct Lines(Vec<(Stroke, Spot, Spot)>);

impl Lines {
    fn add(&mut self, stroke: Stroke, from: Spot, to: Spot) {
        self.0.push((stroke, from, to));
    }

    /// Two lines that cross at a spot.
    fn cross(&mut self, stroke: Stroke, Spot { x, y }: Spot, half: i64) {
        for half in [(half, half), (half, -half)] {
            let (dx, dy) = half;
            self.add(stroke, Spot { x: x - dx, y: y - dy }, Spot { x: x + dx, y: y + dy });
        }
    }

    /// Draws them, stroke after stroke in the order in which they came first.
    fn draw(mut self, pen: &mut dyn Pen) {
        while let Some(&(stroke, ..)) = self.0.first() {
            let (ink, width, dashed) = stroke;
            pen.begin(ink, width, dashed);
            self.0.retain(|&(other, from, to)| {
                if other == stroke {
                    pen.line(from, to);
                }
                other != stroke
            });
            pen.end();
        }
    }
}

/// Where things are.
struct Plan {
    from: i64,
    span: i64,
    /// How far time and the lanes reach, in tenths of a pixel.
    length: i64,
    breadth: i64,
    lanes: i64,
    nodes: i64,
    down: bool,
}

impl View {
    fn plan(&self, trace: &Trace) -> Plan {
        let (width, height) = (i64::from(self.width) * 10, i64::from(self.height) * 10);
        let (length, breadth) = if self.down { (height, width) } else { (width, height) };
        let (names, clock) = HEADS[usize::from(self.down)];
        let clients = match trace.clients() {
            many if many > MOST_CLIENTS => 1,
            few => few,
        };
        Plan {
            from: self.from.0 as i64,
            span: self.span.max(LEAST_SPAN).0 as i64,
            length: (length - names).max(100),
            breadth: (breadth - clock).max(100),
            lanes: i64::from(trace.nodes()) + i64::from(clients),
            nodes: trace.nodes().into(),
            down: self.down,
        }
    }
}

impl Plan {
    /// The room before the time shown, and beside the lanes.
    fn head(&self) -> (i64, i64) {
        HEADS[usize::from(self.down)]
    }

    /// The lane of a seat, counted from zero.
    fn lane(&self, seat: Seat) -> i64 {
        let lane = match seat {
            Seat::Node(node) => node.0.into(),
            Seat::Client(client) => self.nodes + i64::from(client.0),
        };
        lane.min(self.lanes - 1)
    }

    /// The room that a lane has.
    fn gap(&self) -> i64 {
        self.breadth / self.lanes
    }

    /// Half of how broad the band of a leader is.
    fn band(&self) -> i64 {
        (self.gap() / 12).clamp(15, 30)
    }

    /// How far across a part of a lane is; 0 to 1000 is a lane.
    fn across(&self, lane: i64, part: i64) -> i64 {
        let (_, clock) = self.head();
        clock + (lane * 1_000 + part) * self.breadth / (self.lanes * 1_000)
    }

    fn along(&self, at: i64) -> i64 {
        let (names, _) = self.head();
        names + (at - self.from) * self.length / self.span
    }

    fn spot(&self, along: i64, across: i64) -> Spot {
        let (x, y) = if self.down { (across, along) } else { (along, across) };
        Spot { x, y }
    }

    /// The middle of a lane at a moment, not farther out than a view's length.
    fn on(&self, lane: i64, at: i64) -> Spot {
        let at = at.clamp(self.from - self.span, self.from + 2 * self.span);
        self.spot(self.along(at), self.across(lane, 500))
    }

    /// Where a message is at a moment, which is taken into the view or near it.
    fn flight(&self, arrow: &Arrow, at: Micros) -> Spot {
        let (sent, arrival) = (arrow.sent.0 as i64, arrow.arrival.0 as i64);
        let (near, far) = (self.from - self.span, self.from + 2 * self.span);
        let at = (at.0 as i64).clamp(near.max(sent), far.min(arrival).max(near.max(sent)));
        let [from, to] = [arrow.from, arrow.to].map(|seat| self.across(self.lane(seat), 500));
        let across = match arrival - sent {
            0 => to,
            way => from + (to - from) * (at - sent) / way,
        };
        self.spot(self.along(at), across)
    }
}

/// Draws what can be seen, and tells what that is.
pub fn draw(subject: &Subject<'_>, view: &View, pen: &mut dyn Pen) -> Seen {
    let plan = view.plan(subject.trace);
    let whole = Spot { x: i64::from(view.width) * 10, y: i64::from(view.height) * 10 };
    pen.fill(Ink::Ground, false, Spot { x: 0, y: 0 }, whole);
    ticks(&plan, pen);
    let led = lanes(subject, &plan, pen);
    let mut shown: Vec<(MessageId, &Arrow)> = Vec::new();
    let mut seen = Seen::default();
    let (from, to) = (view.from, Micros((plan.from + plan.span) as u64));
    subject.trace.between(from, to, &mut |id, arrow| {
        seen.messages += 1;
        seen.lost += usize::from(arrow.fate == Fate::Lost);
        if shown.len() <= MOST_ARROWS {
            shown.push((id, arrow));
        }
    });
    seen.merged = shown.len() > MOST_ARROWS;
    match seen.merged {
        true => bars(subject.trace, &plan, (from, to), pen),
        false => arrows(subject, &plan, &shown, pen),
    }
    labels(subject, &plan, led, pen);
    frame(subject, &plan, whole, pen);
    seen
}

/// What is at a spot of the diagram, in pixels.
pub fn hit(trace: &Trace, view: &View, x: i32, y: i32) -> Hit {
    let plan = view.plan(trace);
    let (names, clock) = plan.head();
    let (x, y) = (i64::from(x) * 10, i64::from(y) * 10);
    let (along, across) = if view.down { (y, x) } else { (x, y) };
    let at = plan.from + (along - names).clamp(0, plan.length) * plan.span / plan.length;
    let lane = ((across - clock) * plan.lanes / plan.breadth).clamp(0, plan.lanes - 1);
    let seat = match u8::try_from(lane) {
        Ok(node) if lane < plan.nodes => Seat::Node(NodeId(node)),
        _ => Seat::Client(ClientId((lane - plan.nodes) as u16)),
    };
    let mut hit = Hit { at: Micros(at as u64), seat: Some(seat), message: None };
    let (mut count, mut nearest) = (0, NEAR * NEAR);
    let (mut at_end, last) = (hit.at, trace.upto().moment.at);
    trace.between(view.from, Micros((plan.from + plan.span) as u64), &mut |id, arrow| {
        count += 1;
        let end = if arrow.fate == Fate::UnderWay { last } else { arrow.end };
        let (from, to) = (plan.flight(arrow, arrow.sent), plan.flight(arrow, end));
        let distance = distance(Spot { x, y }, from, to);
        if distance < nearest {
            (nearest, hit.message) = (distance, Some(id));
            // Just before it is settled it is still there to be looked at.
            let end = Micros(end.0.saturating_sub(1)).max(arrow.sent);
            at_end = Micros(at as u64).clamp(arrow.sent, end);
        }
    });
    if count > MOST_ARROWS {
        hit.message = None;
    } else if hit.message.is_some() {
        (hit.at, hit.seat) = (at_end, None);
    }
    hit
}

/// The square of the distance of a spot from a line.
fn distance(spot: Spot, from: Spot, to: Spot) -> i64 {
    let (dx, dy) = (to.x - from.x, to.y - from.y);
    let (px, py) = (spot.x - from.x, spot.y - from.y);
    let length = dx * dx + dy * dy;
    let along = (px * dx + py * dy).clamp(0, length);
    let (x, y) = match length {
        0 => (px, py),
        _ => (px - dx * along / length, py - dy * along / length),
    };
    x * x + y * y
}

/// The clock: a line and a label at round moments.
fn ticks(plan: &Plan, pen: &mut dyn Pen) {
    let most = (plan.length / if plan.down { 400 } else { 900 }).max(1);
    // 1, 2, 5, 10, …
    let (mut step, mut factors) = (1, [4, 5, 4].into_iter().cycle());
    while plan.span / step > most {
        step = step * factors.next().unwrap_or(4) / 2;
    }
    let first = (plan.from + step - 1) / step * step;
    let moments = || (first..=plan.from + plan.span).step_by(step as usize);
    let (_, clock) = plan.head();
    let (names, _) = plan.head();
    pen.begin(Ink::Line, 10, false);
    for at in moments() {
        let along = plan.along(at);
        pen.line(plan.spot(along, clock), plan.spot(along, clock + plan.breadth));
    }
    pen.end();
    for at in moments() {
        // Beside the names, not below them.
        let along = plan.along(at);
        let spot = match plan.down {
            true => Spot { x: clock / 2, y: (along + 40).max(names + 110) },
            false => Spot { x: along.max(names + 210), y: clock - 90 },
        };
        pen.write(Ink::Soft, true, spot, &moment(at, step));
    }
}

/// A moment in seconds, with as many decimals as steps of this size need.
fn moment(at: i64, step: i64) -> String {
    let (seconds, micros) = (at / 1_000_000, at % 1_000_000);
    if step < 1_000 {
        format!("{seconds}.{micros:06} s")
    } else if step < 1_000_000 {
        format!("{seconds}.{:03} s", micros / 1_000)
    } else {
        format!("{seconds} s")
    }
}

/// The lane of a node that runs, and of one that is paused.
const RUNNING: Stroke = (Ink::Soft, 12, false);
const PAUSED: Stroke = (Ink::Soft, 12, true);

/// Who leads what from where on: lane, place along it, epoch.
type Led = (i64, i64, Epoch);

/// The lanes: a line where a node runs, dashes where it is paused, nothing where it is down; a band
/// in the colour of the epoch where it leads. Gives what is to be written beside the bands.
fn lanes(subject: &Subject<'_>, plan: &Plan, pen: &mut dyn Pen) -> Vec<Led> {
    let end = subject.trace.upto().moment.at.0 as i64;
    let begin = subject.trace.from().at.0 as i64;
    let (from, to) = (plan.from, plan.from + plan.span);
    let (mut lines, mut labels) = (Lines::default(), Vec::new());
    for lane in 0..plan.lanes {
        if lane >= plan.nodes {
            lines.add(RUNNING, plan.on(lane, begin.max(from)), plan.on(lane, end.min(to)));
            continue;
        }
        let standings = subject.trace.standings(NodeId(lane as u8));
        let first = standings.partition_point(|standing| (standing.since.0 as i64) < from);
        let first = first.saturating_sub(1);
        for (place, standing) in standings.iter().enumerate().skip(first) {
            let since = (standing.since.0 as i64).max(begin);
            if since > to {
                break;
            }
            let until = standings.get(place + 1).map_or(end, |next| next.since.0 as i64);
            let (first, last) = (plan.on(lane, since), plan.on(lane, until));
            match standing.status {
                Status::Up => lines.add(RUNNING, first, last),
                Status::Paused => lines.add(PAUSED, first, last),
                Status::Crashed if since >= from => lines.cross((Ink::Bad, 22, false), first, 45),
                Status::Crashed => {}
            }
            if let Standing { leads: Some(epoch), status, .. } = standing {
                let half = plan.band();
                let (a, b) = (plan.along(since.max(from)), plan.along(until.min(to)));
                let middle = plan.across(lane, 500);
                let corners = (plan.spot(a, middle - half), plan.spot(b, middle + half));
                pen.fill(ink(epoch.colour()), *status != Status::Up, corners.0, corners.1);
                if b - a >= if plan.down { 150 } else { 400 } {
                    labels.push((lane, a, *epoch));
                }
            }
        }
    }
    lines.draw(pen);
    labels
}

/// Who leads, beside the lane, above all arrows.
fn labels(subject: &Subject<'_>, plan: &Plan, labels: Vec<Led>, pen: &mut dyn Pen) {
    for (lane, along, epoch) in labels.into_iter().filter(|_| plan.gap() >= 200) {
        let middle = plan.across(lane, 500);
        let (text, spot) = match plan.down {
            true => (format!("★ {epoch}"), Spot { x: middle + 60, y: along + 130 }),
            false => (
                format!("★ {} {epoch}", subject.epoch_name),
                Spot { x: along + 30, y: middle - plan.band() - 30 },
            ),
        };
        let width = text.chars().count() as i64 * 65;
        let [from, to] =
            [(-10, -100), (width, 30)].map(|(x, y)| Spot { x: spot.x + x, y: spot.y + y });
        pen.fill(Ink::Ground, true, from, to);
        pen.write(Ink::Plain, false, spot, &text);
    }
}

fn ink(colour: Option<u8>) -> Ink {
    colour.map_or(Ink::Plain, Ink::Epoch)
}

/// Each message by itself: from lane to lane, with a head where it arrived, broken and with a cross
/// where it was lost.
fn arrows(subject: &Subject<'_>, plan: &Plan, shown: &[(MessageId, &Arrow)], pen: &mut dyn Pen) {
    let end = subject.trace.upto().moment.at;
    // What stands above the arrows comes after them.
    let (mut lines, mut above) = (Lines::default(), Lines::default());
    for &(id, arrow) in shown {
        let until = if arrow.fate == Fate::UnderWay { end } else { arrow.end };
        let (from, to) = (plan.flight(arrow, arrow.sent), plan.flight(arrow, until));
        let stroke = |dashed| (ink(arrow.colour), 13, dashed);
        lines.add(stroke(arrow.fate == Fate::Lost), from, to);
        match arrow.fate {
            Fate::Delivered => {
                for side in [1, -1] {
                    lines.add(stroke(false), to, barb(from, to, side));
                }
                if arrow.end > arrow.arrival {
                    // It waited at the door.
                    let taken_in = plan.on(plan.lane(arrow.to), arrow.end.0 as i64);
                    lines.add(stroke(true), to, taken_in);
                }
            }
            Fate::Lost => above.cross((Ink::Bad, 18, false), to, 35),
            Fate::UnderWay | Fate::Unknown => {}
        }
        if subject.message == Some(id) {
            above.add((Ink::Accent, 30, false), from, to);
        }
    }
    lines.draw(pen);
    above.draw(pen);
}

/// Where a line ends that is one side of the head of an arrow.
fn barb(from: Spot, to: Spot, side: i64) -> Spot {
    let (dx, dy) = (to.x - from.x, to.y - from.y);
    let length = ((dx * dx + dy * dy) as u64).isqrt().max(1) as i64;
    Spot {
        x: to.x - (dx * 65 + side * dy * 28) / length,
        y: to.y - (dy * 65 - side * dx * 28) / length,
    }
}

/// How many messages arrive at each lane, and how many are lost on their way to it: bars for as many
/// pixels as it takes to see them.
fn bars(trace: &Trace, plan: &Plan, (from, to): (Micros, Micros), pen: &mut dyn Pen) {
    let columns = (plan.length / BAR + 1) as usize;
    let mut counts = vec![[0_u32; 2]; columns * plan.lanes as usize];
    trace.between(from, to, &mut |_, arrow| {
        let column = (arrow.end.0 as i64 - plan.from) * plan.length / plan.span / BAR;
        if let Some(column) = usize::try_from(column).ok().filter(|&column| column < columns) {
            let cell = plan.lane(arrow.to) as usize * columns + column;
            match arrow.fate {
                Fate::Delivered => counts[cell][0] += 1,
                Fate::Lost => counts[cell][1] += 1,
                Fate::UnderWay | Fate::Unknown => {}
            }
        }
    });
    let most = counts.iter().flatten().max().copied().unwrap_or(1).max(1);
    for (side, ink) in [(0, Ink::Plain), (1, Ink::Bad)] {
        pen.begin(ink, BAR - 10, false);
        for (cell, counts) in counts.iter().enumerate().filter(|(_, counts)| counts[side] > 0) {
            let (lane, column) = ((cell / columns) as i64, (cell % columns) as i64);
            let along = plan.head().0 + column * BAR + BAR / 2;
            let height = (i64::from(counts[side]) * 420 / i64::from(most)).max(20);
            let height = if side == 0 { -height } else { height };
            let foot = plan.spot(along, plan.across(lane, 500));
            pen.line(foot, plan.spot(along, plan.across(lane, 500 + height)));
        }
        pen.end();
    }
}

/// What stands above the rest: what was worth a stop, the present, what is yet to come again, names.
fn frame(subject: &Subject<'_>, plan: &Plan, whole: Spot, pen: &mut dyn Pen) {
    let (names, clock) = plan.head();
    let now = subject.now.0 as i64;
    let end = plan.from + plan.span;
    let last = clock + plan.breadth;
    if now < end {
        let along = plan.along(now.max(plan.from));
        pen.fill(Ink::Ground, true, plan.spot(along, clock), plan.spot(names + plan.length, last));
    }
    let (mut marks, mut drawn) = (Lines::default(), [i64::MIN; 3]);
    let first = subject.beats.partition_point(|beat| (beat.moment.at.0 as i64) < plan.from);
    for beat in &subject.beats[first..] {
        let at = beat.moment.at.0 as i64;
        if at > end {
            break;
        }
        let (kind, ink, depth) = match beat.kind {
            BeatKind::Acted => (0, Ink::Accent, 70),
            BeatKind::Decided => (1, Ink::Good, 40),
            BeatKind::Breached => (2, Ink::Bad, plan.breadth),
            BeatKind::Led(_) => continue,
        };
        let along = plan.along(at);
        // Of what falls into one spot, one is drawn.
        if std::mem::replace(&mut drawn[kind], along) != along {
            let (from, to) = (plan.spot(along, clock), plan.spot(along, clock + depth));
            marks.add((ink, 25, false), from, to);
        }
    }
    marks.draw(pen);
    // The names stand on ground of their own: what comes from before the view ends there.
    let corner =
        if plan.down { Spot { x: whole.x, y: names } } else { Spot { x: names, y: whole.y } };
    pen.fill(Ink::Ground, false, Spot { x: 0, y: 0 }, corner);
    for lane in 0..plan.lanes {
        let name = match lane - plan.nodes {
            node if node < 0 => NodeId(lane as u8).to_string(),
            _ if subject.trace.clients() > MOST_CLIENTS => subject.clients.to_owned(),
            client => ClientId(client as u16).to_string(),
        };
        let chosen = subject.node.is_some_and(|node| i64::from(node.0) == lane);
        let ink = if chosen { Ink::Accent } else { Ink::Plain };
        let middle = plan.across(lane, 500);
        // Lanes that are too narrow for their names have every fifth.
        if plan.gap() >= 130 || lane % 5 == 0 || chosen {
            let spot = if plan.down {
                Spot { x: middle, y: 160 }
            } else {
                Spot { x: 200, y: middle + 40 }
            };
            pen.write(ink, true, spot, &name);
        }
    }
    if (plan.from..=end).contains(&now) {
        let along = plan.along(now);
        pen.begin(Ink::Accent, 20, false);
        pen.line(plan.spot(along, clock - 60), plan.spot(along, last));
        pen.end();
    }
}
