//! The search for an order of the operations on one key. It can be stopped after any step and gone
//! on with later.

use super::memo::{Fingerprint, Memo};
use super::{Model, Operation};

/// How a search stands.
pub(super) enum Status {
    /// There is more to try.
    Working,
    /// There is an order.
    Found {
        /// The operations in it.
        order: Vec<usize>,
    },
    /// There is none.
    Blocked {
        /// The operation that could not be placed.
        operation: usize,
        /// The longest order without it.
        prefix: Vec<usize>,
    },
}

/// An operation of the key.
struct Member<'a, M: Model> {
    /// Where it stands in the list that was given.
    name: usize,
    input: &'a M::Input,
    output: Option<&'a M::Output>,
    /// Where its call and its return are on the time line.
    call: u32,
    back: Option<u32>,
    only_looks: bool,
    /// Of an open operation: the one before it that is open too and asks for the same. The two can
    /// change places, so that this one is tried only when the other is done.
    twin: Option<u32>,
    /// Its word in the fingerprint of a set.
    word: u128,
    done: bool,
}

/// A point on the time line.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Point {
    /// Where the line begins.
    Start,
    /// A member is called.
    Call(u32),
    /// A member returns.
    Return(u32),
    /// Where the line ends.
    End,
}

/// A place of the time line, a list that is linked both ways.
struct Stop {
    point: Point,
    next: u32,
    previous: u32,
}

/// A member that was done, and what was there before.
struct Frame<S> {
    member: u32,
    before: S,
    /// It was done because it only looks: nothing else needs to be tried in its place.
    forced: bool,
}

/// How far a search ever came: to a return that could not be passed.
#[derive(Default)]
struct Furthest {
    point: u32,
    prefix: Vec<u32>,
}

/// The search. The members that are not done are on the time line, a list linked both ways; to do
/// one is to unlink its call and its return, to go back is to link them again, in constant time
/// (Knuth's dancing links).
pub(super) struct Search<'a, M: Model> {
    members: Vec<Member<'a, M>>,
    line: Vec<Stop>,
    /// How many that were answered are not done.
    missing: usize,
    state: M::State,
    /// The fingerprint of the set of those that are done.
    set: u128,
    stack: Vec<Frame<M::State>>,
    /// What to look at next; the start when something was just done.
    at: u32,
    memo: Memo,
    furthest: Furthest,
}

impl<'a, M: Model> Search<'a, M> {
    /// The search for an order of these operations of the list.
    pub fn new(all: &'a [Operation<M::Input, M::Output>], names: Vec<usize>) -> Self {
        let mut members = Vec::new();
        // A call comes before a return at the same moment: the two overlap. In most histories what
        // comes next has its place near the end.
        let mut line: Vec<(u64, bool, u32)> = Vec::new();
        let mut add = |point| line.insert(line.partition_point(|other| *other < point), point);
        for name in names {
            let Operation { input, invoked, returned } = &all[name];
            let output = returned.as_ref().map(|(_, output)| output);
            let only_looks = M::only_looks(input, output);
            if returned.is_none() && only_looks {
                continue;
            }
            let id = members.len() as u32;
            add((*invoked, false, id));
            if let Some((returned, _)) = returned {
                assert!(invoked <= returned, "operation {name} returned before it was called");
                add((*returned, true, id));
            }
            let word = Fingerprint::of(&id);
            members.push(Member {
                name,
                input,
                output,
                call: 0,
                back: None,
                only_looks,
                twin: None,
                word,
                done: false,
            });
        }
        let mut open: Vec<u32> = Vec::new();
        let mut stops = vec![Stop { point: Point::Start, next: 1, previous: 0 }];
        for (_, returns, id) in line {
            let at = stops.len() as u32;
            let Member { input, output, .. } = members[id as usize];
            let point = if returns {
                members[id as usize].back = Some(at);
                Point::Return(id)
            } else {
                if output.is_none() {
                    let same = |&&other: &&u32| members[other as usize].input == input;
                    members[id as usize].twin = open.iter().rev().find(same).copied();
                    open.push(id);
                }
                members[id as usize].call = at;
                Point::Call(id)
            };
            stops.push(Stop { point, next: at + 1, previous: at - 1 });
        }
        let last = stops.len() as u32;
        stops.push(Stop { point: Point::End, next: last, previous: last - 1 });
        Self {
            missing: members.len() - open.len(),
            members,
            line: stops,
            state: M::initial(),
            set: 0,
            stack: Vec::new(),
            at: 0,
            memo: Memo::default(),
            furthest: Furthest::default(),
        }
    }

    /// How many bytes it remembers configurations in.
    pub fn memory(&self) -> u64 {
        self.memo.memory()
    }

    /// Goes on until all steps are used up, or nothing is left to try; what is not used stays.
    pub fn run(&mut self, steps: &mut u64, memory_left: &mut u64) -> Status {
        while self.missing > 0 {
            if *steps == 0 {
                return Status::Working;
            }
            *steps -= 1;
            let moves_on = match self.line[self.at as usize].point {
                Point::Start => {
                    let looked = self.look();
                    *steps = steps.saturating_sub(looked);
                    self.at = self.next(0);
                    true
                }
                Point::Call(id) => {
                    if !self.attempt(id, memory_left) {
                        self.at = self.next(self.at);
                    }
                    true
                }
                Point::Return(_) => {
                    self.note();
                    self.go_back()
                }
                Point::End => unreachable!("something that was answered is still on the line"),
            };
            if !moves_on {
                let Point::Return(id) = self.line[self.furthest.point as usize].point else {
                    unreachable!("only a return stops a search");
                };
                let operation = self.members[id as usize].name;
                return Status::Blocked { operation, prefix: self.names(&self.furthest.prefix) };
            }
        }
        Status::Found { order: self.names(&self.order()) }
    }

    /// Does all that only looks and can be done now; tells how many points were passed.
    ///
    /// Whatever order there is from here, such an operation can be moved to its front: it changes
    /// nothing, and so nothing after it. That leaves no choice, and nothing to remember.
    fn look(&mut self) -> u64 {
        let mut passed = 0;
        let mut at = self.next(0);
        while let Point::Call(id) = self.line[at as usize].point {
            passed += 1;
            let Member { input, output, only_looks, .. } = self.members[id as usize];
            if only_looks && M::step(&self.state, input, output).is_some() {
                let before = self.state.clone();
                self.stack.push(Frame { member: id, before, forced: true });
                self.lift(id);
                // Not the next of this one: that may have been its return.
                at = self.next(self.line[at as usize].previous);
            } else {
                at = self.next(at);
            }
        }
        passed
    }

    /// Does an operation, if it can be done and it is worth trying; tells whether it did.
    fn attempt(&mut self, id: u32, memory_left: &mut u64) -> bool {
        let Member { input, output, only_looks, twin, word, back, .. } = self.members[id as usize];
        if only_looks || twin.is_some_and(|twin| !self.members[twin as usize].done) {
            return false;
        }
        let Some(state) = M::step(&self.state, input, output) else { return false };
        // An open operation that makes no difference can as well be left open: neither one that
        // leaves the state as it is, nor one after which the next does the same as without it.
        // Orders with the fewest open operations have none of these, and if there is any order
        // there is one with the fewest.
        if back.is_none() && state == self.state {
            return false;
        }
        if let Some(Frame { member, before, .. }) = self.stack.last()
            && self.members[*member as usize].back.is_none()
            && M::step(before, input, output).as_ref() == Some(&state)
        {
            return false;
        }
        if !self.memo.insert(self.set ^ word ^ Fingerprint::of(&state), memory_left) {
            return false;
        }
        let before = std::mem::replace(&mut self.state, state);
        self.stack.push(Frame { member: id, before, forced: false });
        self.lift(id);
        self.at = 0;
        true
    }

    /// Takes back the last choice and goes on behind it; false when there was none.
    fn go_back(&mut self) -> bool {
        while let Some(Frame { member, before, forced }) = self.stack.pop() {
            self.state = before;
            self.put_back(member);
            if !forced {
                self.at = self.next(self.members[member as usize].call);
                return true;
            }
        }
        false
    }

    /// Remembers how far the search came, if it never came that far. That is the same however the
    /// search goes: up to the return before this one there is an order, up to this one there is none.
    fn note(&mut self) {
        let best = (self.furthest.point, self.furthest.prefix.len());
        if (self.at, self.stack.len()) > best {
            self.furthest = Furthest { point: self.at, prefix: self.order() };
        }
    }

    fn order(&self) -> Vec<u32> {
        self.stack.iter().map(|frame| frame.member).collect()
    }

    fn names(&self, order: &[u32]) -> Vec<usize> {
        order.iter().map(|&id| self.members[id as usize].name).collect()
    }

    /// Takes a member off the line.
    fn lift(&mut self, id: u32) {
        let member = &mut self.members[id as usize];
        member.done = true;
        self.set ^= member.word;
        self.missing -= usize::from(member.back.is_some());
        let (call, back) = (member.call, member.back);
        self.unlink(call);
        if let Some(back) = back {
            self.unlink(back);
        }
    }

    /// Puts the member that was taken off last on the line again.
    fn put_back(&mut self, id: u32) {
        let member = &mut self.members[id as usize];
        member.done = false;
        self.set ^= member.word;
        self.missing += usize::from(member.back.is_some());
        let (call, back) = (member.call, member.back);
        if let Some(back) = back {
            self.link(back);
        }
        self.link(call);
    }

    fn next(&self, point: u32) -> u32 {
        self.line[point as usize].next
    }

    fn unlink(&mut self, point: u32) {
        let Stop { next, previous, .. } = self.line[point as usize];
        self.join(previous, next, next, previous);
    }

    fn link(&mut self, point: u32) {
        let Stop { next, previous, .. } = self.line[point as usize];
        self.join(previous, point, next, point);
    }

    /// What comes after one point, and what before another.
    fn join(&mut self, one: u32, after: u32, other: u32, before: u32) {
        self.line[one as usize].next = after;
        self.line[other as usize].previous = before;
    }
}
