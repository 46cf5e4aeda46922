//! What scripts ask of the page, and what they are told.

use conclave::protocols::catalog;
use conclave::scene::call::{Call, MOST_STEPS};
use conclave::scene::state::{Writer, state};
use conclave::scene::{Advance, Lab, Witness, complain_link, complain_recording};
use conclave::sim::Micros;
use conclave::sim::timeline::BeatKind;
use conclave::text::{Language, Phrase};

use super::{Page, clusters};
use crate::app::options::Options;
use crate::app::{Plan, Travel, options};

/// The most key events that are told at once, of each cluster.
const MOST_NEWS: usize = 100;

impl Page {
    /// Does what another program asks for; the answer is JSON.
    ///
    /// # Errors
    /// Why it was not done, in English.
    pub(super) fn answer(&mut self, call: Call) -> Result<String, String> {
        let refused =
            |name: &str, why: Phrase| Err(format!("{name}: {}", why.render(Language::En)));
        match call {
            Call::Play => self.play(),
            Call::Pause => self.pause(),
            Call::Step(events) => {
                self.playing = false;
                self.mind_frames();
                for _ in 0..events {
                    if !self.lab.step() {
                        break;
                    }
                }
                self.moved();
            }
            Call::Seek(time) => return self.seek(time),
            Call::Act(action) => {
                if let Err(why) = self.act(action) {
                    return refused("act: action", why);
                }
            }
            Call::Load(session) => {
                let (lab, differs) = match catalog::resume(*session) {
                    Ok(resumed) => resumed,
                    Err(error) => return refused("load: run", complain_recording(&error)),
                };
                self.pause();
                self.enter(lab, differs);
            }
            Call::Speed(millis) => self.speed = options::place_of(millis),
            Call::State => return Ok(state(&*self.lab)),
            Call::Recording => return Ok(self.recording()),
            Call::Pace => {
                let mut json = Writer::default();
                json.open('{');
                json.name("time").number(self.lab.now().0);
                json.name("playing").flag(self.playing);
                json.name("speed").number(options::speed(self.speed).round() as u64);
                json.close('}');
                return Ok(json.out);
            }
            Call::Session => {
                return match self.lab.session().to_link() {
                    Ok(link) => Ok(format!("\"{link}\"")),
                    Err(error) => refused("session", complain_link(&error)),
                };
            }
        }
        Ok("null".into())
    }

    /// Goes to a moment; what has not been lived yet is lived, broken invariants or not.
    pub(super) fn seek(&mut self, time: Micros) -> Result<String, String> {
        self.travel(Travel::Time(time));
        let mut left = MOST_STEPS;
        loop {
            let before = self.lab.steps();
            let advance = self.lab.run_until(time, left);
            left = left.saturating_sub(self.lab.steps() - before);
            match advance {
                Advance::Reached => break,
                Advance::Breached if left > 0 => {}
                _ => {
                    self.moved();
                    let (value, now) = (time.0, self.lab.now().0);
                    return Err(format!(
                        "seek: time: {value} is more than {MOST_STEPS} events away; it is {now} now"
                    ));
                }
            }
        }
        self.clock = time.0 as f64;
        self.moved();
        Ok("null".into())
    }

    /// Takes other options: what differs from those before is changed, and nothing else.
    pub(super) fn set(&mut self, given: &[(String, String)]) {
        let (new, complaints) = Options::read(given);
        for complaint in &complaints {
            // What is as wrong as before was said.
            if !self.wrong.contains(complaint) {
                self.complain(complaint.clone());
            }
        }
        self.wrong = complaints;
        let old = std::mem::replace(&mut self.given, new.clone());
        let theme = if new.theme == old.theme { self.options.theme } else { new.theme };
        if new.language != old.language {
            self.ui.language = new.language;
        }
        if new.speed != old.speed {
            self.speed = new.speed;
        }
        let run = |options: &Options| {
            let Options { protocol, beside, nodes, seed, .. } = options.clone();
            Plan { protocol, beside, nodes, seed }
        };
        let again = (run(&new) != run(&old)).then(|| run(&new));
        self.options = Options { theme, ..new };
        self.arrange();
        for shown in &mut self.shown {
            shown.motion.set_still(self.options.still);
        }
        match again {
            Some(plan) => self.start(plan),
            None => self.moved(),
        }
        self.dress();
    }

    /// How many steps each cluster has taken.
    pub(super) fn stands(&self) -> [u64; 2] {
        let beside = self.lab.beside().map_or(0, Lab::steps);
        [self.lab.steps() - if beside > 0 { beside } else { 0 }, beside]
    }

    /// Tells the key events that came about since they were told last.
    pub(super) fn tell_events(&mut self) {
        let stands = self.stands();
        let told = std::mem::replace(&mut self.told, stands);
        let mut json = Writer::default();
        json.open('{');
        json.name("time").number(self.lab.now().0);
        json.name("events").open('[');
        let mut count = 0;
        for (side, lab) in clusters(&*self.lab).enumerate() {
            let beats = &lab.tree().current().beats;
            let place = |steps: u64| beats.partition_point(|beat| beat.moment.after <= steps);
            let new = &beats[place(told[side])..place(stands[side]).max(place(told[side]))];
            count += new.len();
            for beat in &new[new.len().saturating_sub(MOST_NEWS)..] {
                json.open('{');
                json.name("cluster").number(side as u64);
                json.name("time").number(beat.moment.at.0);
                json.name("step").number(beat.moment.after);
                json.name("kind").text(match beat.kind {
                    BeatKind::Acted => "acted",
                    BeatKind::Led(_) => "led",
                    BeatKind::Decided => "decided",
                    BeatKind::Breached => "breached",
                });
                json.close('}');
            }
        }
        json.close(']');
        json.name("count").number(count as u64);
        json.close('}');
        if count > 0 {
            self.news.push(("lab-event", json.out));
        }
    }

    /// Tells which invariants are broken, and how.
    pub(super) fn tell_breaches(&mut self) {
        for (side, shown) in self.shown.iter().enumerate() {
            for verdict in &shown.scene.verdicts {
                let known = |witness: &Witness| witness.step <= self.told[side];
                if verdict.breach.as_ref().is_none_or(known) {
                    continue;
                }
                let mut json = Writer::default();
                json.open('{');
                json.name("cluster").number(side as u64);
                json.verdict(verdict);
                json.close('}');
                self.news.push(("lab-violation", json.out));
            }
        }
    }

    /// Says what was not right, to the reader and to whoever listens.
    pub(super) fn complain(&mut self, phrase: Phrase) {
        let mut json = Writer::default();
        json.open('{');
        json.name("message").say(&phrase);
        json.close('}');
        self.news.push(("lab-error", json.out));
        self.notice(phrase);
    }

    /// Keeps the recording where a trap cannot reach it.
    pub(super) fn keep(&self) {
        self.tell("keep", &self.recording());
    }

    /// What was done, as JSON.
    pub(super) fn recording(&self) -> String {
        match self.lab.beside() {
            None => self.lab.recording().to_json(),
            Some(_) => self.lab.line(false).to_json(),
        }
    }
}
