//! How a protocol looks.

use super::{Column, Epoch, Face, Glyph, Window};
use crate::sim::{Judge, NodeId, NodeSet, Protocol};
use crate::text::{Phrase, say};

/// A reason for people: the sentence, and where its rule is stated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sentence {
    /// What the node did and why.
    pub phrase: Phrase,
    /// The section of the paper, such as `§5.4.1`.
    pub source: &'static str,
    /// Whether it is worth stopping for: an election won, a commit, entries overwritten.
    pub key: bool,
}

/// How a message looks.
#[derive(Clone, Debug, PartialEq)]
pub struct Look {
    /// Its glyph.
    pub glyph: Glyph,
    /// The epoch it speaks of.
    pub epoch: Epoch,
    /// The name of its kind in the paper.
    pub kind: &'static str,
}

/// What a protocol signs beside [`Protocol`], so that it can be shown. Everything here only reads.
pub trait Exhibit: Protocol {
    /// How each kind of message is drawn and what it is called in the paper, by its number.
    const KINDS: &'static [(Glyph, &'static str)];

    /// The protocol's name.
    fn name() -> Phrase;

    /// A setting's name and what it does.
    fn setting(id: &str) -> (Phrase, Phrase);

    /// The name of a value of a setting that is a choice.
    fn choice(id: &str, value: u64) -> Phrase {
        unreachable!("{id} is no choice, and has no value {value}")
    }

    /// A timer's name, and whether it is the one to draw around its node.
    fn timer(timer: Self::Timer) -> (Phrase, bool);

    /// What to show of a node that is up.
    fn face(
        node: NodeId,
        nodes: u8,
        config: &Self::Config,
        state: &Self::State,
        window: Window,
    ) -> Face;

    /// What to show of a node that is down.
    fn face_down(disk: &Self::Durable, window: Window) -> Face;

    /// The epoch that a node leads, if it does.
    fn leadership(state: &Self::State) -> Option<Epoch> {
        Self::leads(state).map(Epoch::from)
    }

    /// The index of the last entry of a node's log.
    fn last_index(state: &Self::State) -> u64;

    /// The index of the last entry of a disk's log.
    fn last_index_on(disk: &Self::Durable) -> u64;

    /// The epoch that a message speaks of.
    fn epoch(message: &Self::Message) -> Epoch;

    /// How a message looks; asked for every message in every frame.
    fn look(message: &Self::Message) -> Look {
        let (glyph, kind) = Self::KINDS[usize::from(Self::kind(message))];
        Look { glyph, epoch: Self::epoch(message), kind }
    }

    /// What a message says: the paper's names and the values.
    fn fields(message: &Self::Message) -> Vec<(&'static str, String)>;

    /// What a message is for.
    fn purpose(message: &Self::Message) -> Phrase;

    /// A message in one line, in the notation of traces and tests.
    fn notation(message: &Self::Message) -> String;

    /// A reason for people; `node` is whose it is.
    fn reason(node: NodeId, reason: &Self::Reason) -> Sentence;

    /// What there is to try, in sentences.
    fn tries() -> Vec<Phrase> {
        Vec::new()
    }

    /// Where nodes have roles of their own: who has which.
    fn columns(_config: &Self::Config, _nodes: u8) -> Option<[Column; 3]> {
        None
    }

    /// How things stand while nobody leads and no milestone is reached.
    fn beginning() -> Phrase {
        say::summary::nobody_leads()
    }

    /// What a milestone says, and which nodes show it.
    fn milestone(milestone: &<Self::Judge as Judge<Self>>::Milestone) -> (Phrase, NodeSet);

    /// An invariant's name, what it says, and where it is from.
    fn invariant(number: usize) -> (Phrase, Phrase, &'static str);

    /// What a breach says, and which nodes show it.
    fn breach(breach: &<Self::Judge as Judge<Self>>::Breach) -> (Phrase, NodeSet);
}
