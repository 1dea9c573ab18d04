//! One document's events to a tree, within the budget.

use std::collections::HashMap;

use granit_parser::{Event, ScalarStyle, Span, StructureStyle, Tag};
use model::{Code, Position, Problem, Severity};

use super::{RawDocument, position, syntax::too_deep};
use crate::format::{
    Limits,
    node::{Entry, Node, Tree, quoted},
    scalar,
};

enum Frame {
    List { items: Vec<Node>, open: Open },
    Map { entries: Vec<Entry>, key: Option<(String, Position)>, seen: HashMap<String, Position>, open: Open },
}

/// A list or mapping whose end has not come yet.
struct Open {
    at: Position,
    anchor: usize,
    nodes: usize,
    bytes: usize,
}

/// What an alias repeats and what repeating it costs.
struct Anchored {
    node: Node,
    nodes: usize,
    bytes: usize,
    depth: usize,
}

pub(super) struct Builder<'l> {
    pub(super) raw: RawDocument,
    limits: &'l Limits,
    stack: Vec<Frame>,
    anchors: HashMap<usize, Anchored>,
    nodes: usize,
    alias_bytes: usize,
    text: &'l str,
    /// While between `{` and `}` or `[` and `]` inside a block: how much is open around them, and the column that
    /// everything inside must be beyond.
    flow: Option<(usize, u32)>,
}

impl<'l> Builder<'l> {
    pub(super) fn new(raw: RawDocument, limits: &'l Limits, text: &'l str) -> Self {
        Self { raw, limits, stack: Vec::new(), anchors: HashMap::new(), nodes: 0, alias_bytes: 0, text, flow: None }
    }

    /// Takes the next event. `Err` ends the document: it costs more than is spent on one, or cannot be held as a tree.
    pub(super) fn event(&mut self, event: Event<'_>, span: Span) -> Result<(), Box<Problem>> {
        let at = position(span.start);
        self.indented(&event, span, at)?;
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                self.charge(1, 0, at)?;
                let tree = self.scalar(&text, style, tag.as_deref(), at);
                let bytes = text.len();
                let node = Node::new(tree, at);
                if anchor != 0 {
                    self.charge(1, 0, at)?;
                    self.anchors.insert(anchor, Anchored { node: node.clone(), nodes: 1, bytes, depth: 0 });
                }
                self.place(node, 1, bytes)
            }
            Event::SequenceStart(style, anchor, tag) => {
                self.enter_flow(style);
                self.opened(tag.as_deref(), "seq", at)?;
                self.stack.push(Frame::List { items: Vec::new(), open: Open { at, anchor, nodes: 1, bytes: 0 } });
                Ok(())
            }
            Event::MappingStart(style, anchor, tag) => {
                self.enter_flow(style);
                self.opened(tag.as_deref(), "map", at)?;
                let open = Open { at, anchor, nodes: 1, bytes: 0 };
                self.stack.push(Frame::Map { entries: Vec::new(), key: None, seen: HashMap::new(), open });
                Ok(())
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(),
            Event::Alias(anchor) => self.alias(anchor, at),
            Event::UnresolvedAlias(name) => {
                self.raw.refuse(
                    Problem::new(
                        Code::Syntax,
                        Severity::Error,
                        format!("the alias *{name} has no anchor &{name} before it"),
                        "Define the anchor earlier in the same document, or put the value in quotes.",
                    )
                    .at(Some(at)),
                );
                self.place(Node::new(Tree::Null, at), 1, 0)
            }
            _ => Ok(()),
        }
    }

    fn charge(&mut self, nodes: usize, alias_bytes: usize, at: Position) -> Result<(), Box<Problem>> {
        self.nodes = self.nodes.saturating_add(nodes);
        self.alias_bytes = self.alias_bytes.saturating_add(alias_bytes);
        if self.nodes > self.limits.nodes || self.alias_bytes > self.limits.alias_bytes {
            let problem = Problem::new(
                Code::TooComplex,
                Severity::Error,
                format!(
                    "the document grows beyond {} values or {} bytes of repeated text",
                    self.limits.nodes, self.limits.alias_bytes
                ),
                "Remove aliases that repeat each other, or split the document.",
            );
            return Err(Box::new(problem.at(Some(at))));
        }
        Ok(())
    }

    fn opened(&mut self, tag: Option<&Tag>, plain: &str, at: Position) -> Result<(), Box<Problem>> {
        self.charge(1, 0, at)?;
        if self.stack.len() >= self.limits.depth {
            return Err(Box::new(too_deep(at)));
        }
        if let Some(tag) = tag.filter(|tag| tag.core_suffix() != Some(plain)) {
            self.unknown_tag(tag, at);
        }
        Ok(())
    }

    fn scalar(&mut self, text: &str, style: ScalarStyle, tag: Option<&Tag>, at: Position) -> Tree {
        match tag {
            None if style == ScalarStyle::Plain => scalar::plain(text),
            None => Tree::Text(text.to_owned()),
            Some(tag) => {
                let tree = tag.core_suffix().and_then(|suffix| scalar::tagged(suffix, text));
                tree.unwrap_or_else(|| {
                    // `!` alone means: not resolved, hence text.
                    if tag.original() != "!" {
                        self.unknown_tag(tag, at);
                    }
                    Tree::Text(text.to_owned())
                })
            }
        }
    }

    fn unknown_tag(&mut self, tag: &Tag, at: Position) {
        self.raw.warn(
            Problem::new(
                Code::Syntax,
                Severity::Warning,
                format!("the tag {} means nothing here; the value is read as if it had none", tag.original()),
                "Remove the tag.",
            )
            .at(Some(at)),
        );
    }

    fn alias(&mut self, anchor: usize, at: Position) -> Result<(), Box<Problem>> {
        let Some(anchored) = self.anchors.get(&anchor) else {
            let problem = Problem::new(
                Code::TooComplex,
                Severity::Error,
                "an alias stands inside the value it repeats, which never ends",
                "Write the value out instead of repeating it.",
            );
            return Err(Box::new(problem.at(Some(at))));
        };
        let (nodes, bytes, depth) = (anchored.nodes, anchored.bytes, anchored.depth);
        // Charged before the copy is made: refusing must be cheaper than obeying.
        self.charge(nodes, bytes, at)?;
        if self.stack.len().saturating_add(depth) > self.limits.depth {
            return Err(Box::new(too_deep(at)));
        }
        let Some(node) = self.anchors.get(&anchor).map(|anchored| Node { at: Some(at), ..anchored.node.clone() })
        else {
            return Ok(());
        };
        self.place(node, nodes, bytes)
    }

    fn enter_flow(&mut self, style: StructureStyle) {
        if style == StructureStyle::Flow
            && self.flow.is_none()
            && let Some(around) = self.stack.last()
        {
            self.flow = Some((self.stack.len(), around.open().at.column));
        }
    }

    /// Refuses what stands between brackets without being indented further than the block around them. The parser has
    /// an option for that, but it also refuses the closing bracket of `spec: {` at the beginning of a line, which
    /// people write and the reference takes.
    fn indented(&self, event: &Event<'_>, span: Span, at: Position) -> Result<(), Box<Problem>> {
        let Some((depth, column)) = self.flow else { return Ok(()) };
        let written = span.byte_range().and_then(|range| self.text.get(range.start..)).unwrap_or("");
        let indentation = usize::try_from(column).unwrap_or(usize::MAX);
        let too_far_left = |line: &str| {
            line.chars().take_while(|c| c.is_whitespace()).count() < indentation && !line.trim().is_empty()
        };
        let allowed = match event {
            // The lines of a scalar after its first.
            Event::Scalar(..)
                if span.slice(self.text).is_some_and(|source| source.lines().skip(1).any(too_far_left)) =>
            {
                false
            }
            _ if at.column > column => true,
            // Values that are not written, and the ends of mappings without braces, have no place of their own.
            Event::Scalar(..) => span.is_empty(),
            Event::MappingEnd if !written.starts_with('}') => true,
            Event::SequenceEnd if !written.starts_with(']') => true,
            Event::MappingEnd | Event::SequenceEnd => self.stack.len() == depth + 1 && at.column == column,
            _ => false,
        };
        if allowed {
            return Ok(());
        }
        let problem = Problem::new(
            Code::Syntax,
            Severity::Error,
            "this is not YAML: what stands between brackets must be indented further than the key before them",
            "Indent the line.",
        );
        Err(Box::new(problem.at(Some(at))))
    }

    fn close(&mut self) -> Result<(), Box<Problem>> {
        let Some(frame) = self.stack.pop() else { return Ok(()) };
        if self.flow.is_some_and(|(depth, _)| depth == self.stack.len()) {
            self.flow = None;
        }
        let (node, open) = closed(frame);
        if open.anchor != 0 {
            self.charge(open.nodes, open.bytes, open.at)?;
            let anchored =
                Anchored { depth: depth_of(&node), node: node.clone(), nodes: open.nodes, bytes: open.bytes };
            self.anchors.insert(open.anchor, anchored);
        }
        self.place(node, open.nodes, open.bytes)
    }

    /// Puts a finished value where it belongs: into the list, as a key, as the value of the key before, or at the root.
    fn place(&mut self, node: Node, nodes: usize, bytes: usize) -> Result<(), Box<Problem>> {
        let at = node.at.unwrap_or(self.raw.at);
        match self.stack.last_mut() {
            None => {
                self.raw.at = at;
                self.raw.root = Some(node);
            }
            Some(Frame::List { items, open }) => {
                open.count(nodes, bytes);
                items.push(node);
            }
            Some(Frame::Map { entries, key: pending, seen, open }) => {
                open.count(nodes, bytes);
                if let Some((key, key_at)) = pending.take() {
                    entries.push(Entry { key, key_at: Some(key_at), value: node });
                    return Ok(());
                }
                let Some(key) = scalar::key(node.tree) else { return Err(Box::new(no_key(at))) };
                let first = seen.get(&key).copied();
                if first.is_none() {
                    seen.insert(key.clone(), at);
                }
                *pending = Some((key.clone(), at));
                if let Some(first) = first {
                    let problem = duplicate(&key, first, at).on(self.pointer());
                    self.raw.refuse(problem);
                }
            }
        }
        Ok(())
    }

    /// The dotted path of the value that comes next.
    fn pointer(&self) -> String {
        let steps: Vec<String> = self
            .stack
            .iter()
            .map(|frame| match frame {
                Frame::List { items, .. } => items.len().to_string(),
                Frame::Map { key, .. } => key.as_ref().map_or_else(String::new, |(key, _)| key.clone()),
            })
            .collect();
        steps.join(".")
    }

    /// The document, with lists and mappings closed that a syntax error left open.
    pub(super) fn finish(mut self) -> RawDocument {
        while let Some(frame) = self.stack.pop() {
            let (node, _) = closed(frame);
            // The document is refused already; what is left of it only serves to tell which entity it meant, and a
            // part that cannot stand where it is tells nothing.
            if self.place(node, 0, 0).is_err() {
                continue;
            }
        }
        self.raw
    }
}

impl Frame {
    fn open(&self) -> &Open {
        match self {
            Self::List { open, .. } | Self::Map { open, .. } => open,
        }
    }
}

impl Open {
    fn count(&mut self, nodes: usize, bytes: usize) {
        self.nodes = self.nodes.saturating_add(nodes);
        self.bytes = self.bytes.saturating_add(bytes);
    }
}

fn closed(frame: Frame) -> (Node, Open) {
    match frame {
        Frame::List { items, open } => (Node::new(Tree::List(items), open.at), open),
        Frame::Map { entries, open, .. } => (Node::new(Tree::Map(entries), open.at), open),
    }
}

fn depth_of(node: &Node) -> usize {
    match &node.tree {
        Tree::List(items) => 1 + items.iter().map(depth_of).max().unwrap_or(0),
        Tree::Map(entries) => 1 + entries.iter().map(|entry| depth_of(&entry.value)).max().unwrap_or(0),
        _ => 0,
    }
}

fn no_key(at: Position) -> Problem {
    Problem::new(
        Code::Syntax,
        Severity::Error,
        "a list or a mapping stands where a key is expected",
        "Put the key in quotes; {{ … }} of a template must stand in quotes too.",
    )
    .at(Some(at))
}

fn duplicate(key: &str, first: Position, at: Position) -> Problem {
    Problem::new(
        Code::DuplicateKey,
        Severity::Error,
        format!("the key {} is written twice; it first stands on line {}", quoted(key), first.line),
        "Keep one of the two.",
    )
    .at(Some(at))
}
