//! What the page does when a key is pressed.

use conclave::scene::keys::Command;
use conclave::sim::{Action, Micros, NodeId};

use super::Page;
use crate::app::stage::{DELAY, crash_or_restart, focus_on};
use crate::app::{Dialog, Msg, Selection, Travel, browser};

/// How many places of the slider a key changes the speed by.
const PACE: u32 = 4;

impl Page {
    /// Does what a key asks for: at the node that has the focus, or else at what is selected.
    pub(super) fn obey(&mut self, command: Command, focused: Option<NodeId>, key: u8) -> bool {
        let node = focused.or(match self.selection {
            Some(Selection::Node(node)) => Some(node),
            _ => None,
        });
        let message = match self.selection {
            Some(Selection::Message(message)) => self.cluster().message(message).map(|_| message),
            _ => None,
        };
        let msg = match command {
            Command::PlayOrPause => Msg::PlayOrPause,
            Command::Step => Msg::Step,
            Command::StepBack => Msg::Travel(Travel::Back),
            Command::NextBeat => Msg::Travel(Travel::NextBeat),
            Command::LastBeat => Msg::Travel(Travel::LastBeat),
            Command::NextMark => return self.go_to_mark(true),
            Command::LastMark => return self.go_to_mark(false),
            Command::NextBranch => return self.go_to_branch(1),
            Command::LastBranch => return self.go_to_branch(-1),
            Command::Tenth => {
                let end = self.cluster().tree().current().end.at.0;
                Msg::Travel(Travel::Time(Micros(end / 10 * u64::from(key.saturating_sub(b'0')))))
            }
            Command::Start => Msg::Travel(Travel::Start),
            Command::End => Msg::Travel(Travel::End),
            Command::Faster => Msg::Speed(self.speed + PACE),
            Command::Slower => Msg::Speed(self.speed.saturating_sub(PACE)),
            Command::SkipQuiet => Msg::SkipQuiet,
            Command::Undo => Msg::Travel(Travel::Undo),
            Command::Redo => Msg::Travel(Travel::Redo),
            Command::Fork => Msg::Travel(Travel::Fork),
            Command::Partition => Msg::Dialog(Some(Dialog::Partition)),
            Command::Help => Msg::Dialog(Some(Dialog::Help)),
            Command::Fullscreen => {
                browser::fill_screen(&self.root);
                return false;
            }
            Command::Drop => match message {
                Some(message) => Msg::Act(Action::Drop { message }),
                None => return false,
            },
            Command::DelayOrLeader => match (message, self.scene().leader()) {
                (Some(message), _) => Msg::Act(Action::Delay { message, by: DELAY }),
                (None, Some(leader)) => {
                    focus_on(&self.host, self.side, leader.id);
                    Msg::Select(Some(Selection::Node(leader.id)))
                }
                (None, None) => return false,
            },
            Command::CrashOrRestart | Command::Request | Command::Links => {
                let Some(node) = node else { return false };
                self.take(Msg::Select(Some(Selection::Node(node))));
                match command {
                    Command::Links => Msg::Dialog(Some(Dialog::Links(node))),
                    Command::Request => {
                        self.take(Msg::Unfold("client-title"));
                        self.focus_soon("#client-value".into());
                        Msg::Ask(Some(node))
                    }
                    _ => {
                        let status = self.scene().nodes[node.slot()].status;
                        Msg::Act(crash_or_restart(node, status))
                    }
                }
            }
        };
        self.take(msg)
    }

    /// Goes to the next mark, or to the one before.
    fn go_to_mark(&mut self, next: bool) -> bool {
        let here = self.cluster().moment();
        let marks = self.cluster().tree().marks();
        let mut moments = marks.iter().map(|mark| mark.moment);
        let mark = match next {
            true => moments.find(|&mark| mark > here),
            false => moments.rfind(|&mark| mark < here),
        };
        mark.is_some_and(|mark| self.take(Msg::Travel(Travel::To(mark))))
    }

    /// Goes to another branch, so many places further on in the list.
    fn go_to_branch(&mut self, by: isize) -> bool {
        let tree = self.cluster().tree();
        let here = tree.branches().iter().position(|branch| branch.id == tree.current().id);
        let next = here.and_then(|here| tree.branches().get(here.checked_add_signed(by)?));
        match next.map(|branch| branch.id) {
            Some(branch) => self.take(Msg::Travel(Travel::Branch(branch))),
            None => false,
        }
    }
}
