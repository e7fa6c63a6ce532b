//! How all tickets stand to each other, as a graph.
//!
//! Owns the graph and its forms for people and for other programs. Titles cannot leave the places
//! that they have in them.

use crate::store::{Error, Store, overview};
use crate::waits::Waits;
use crate::{Id, RelationKind, State};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

/// Tickets and their relations.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Graph {
    /// The tickets, oldest first.
    pub nodes: Vec<Node>,
    /// The relations, as they are written.
    pub edges: Vec<Edge>,
    /// Each set of tickets that wait for each other.
    pub cycles: Vec<Vec<Id>>,
}

/// A ticket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Node {
    /// Which.
    pub id: Id,
    /// What it is about.
    pub title: String,
    /// Where it is.
    pub state: State,
    /// The tickets that it waits for.
    pub waiting_on: Vec<Id>,
}

/// A relation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Edge {
    /// Whose record says it.
    pub from: Id,
    /// How.
    pub kind: RelationKind,
    /// To which.
    pub to: Id,
}

/// Which tickets are in a graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// Those that are not closed, and those that they are related to.
    Open,
    /// All.
    All,
}

impl Store {
    /// The graph of the store. Tickets that cannot be read are not in it.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn graph(&self, extent: Extent) -> Result<Graph, Error> {
        let (listing, edges) = self.read(overview)?.unwrap_or_default();
        let nodes = listing.tickets.into_iter().map(|ticket| Node {
            id: ticket.id,
            title: ticket.fields.title,
            state: ticket.fields.state,
            waiting_on: ticket.waiting_on,
        });
        Ok(Graph::of(nodes.collect(), edges, extent))
    }
}

impl Graph {
    fn of(nodes: Vec<Node>, edges: Vec<Edge>, extent: Extent) -> Graph {
        let mut waits = Waits::default();
        for edge in &edges {
            waits.add(edge.from, edge.kind, edge.to);
        }
        let cycles = waits.cycles();
        if extent == Extent::All {
            return Graph { nodes, edges, cycles };
        }
        let open: BTreeSet<Id> = nodes.iter().filter(|node| node.state != State::Closed).map(|node| node.id).collect();
        let edges: Vec<Edge> =
            edges.into_iter().filter(|edge| open.contains(&edge.from) || open.contains(&edge.to)).collect();
        let near: BTreeSet<Id> = edges.iter().flat_map(|edge| [edge.from, edge.to]).collect();
        let nodes = nodes.into_iter().filter(|node| open.contains(&node.id) || near.contains(&node.id)).collect();
        Graph { nodes, edges, cycles }
    }

    /// A line for each ticket, and below it a line for each of its relations.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        let titles: BTreeMap<Id, &Node> = self.nodes.iter().map(|node| (node.id, node)).collect();
        for node in &self.nodes {
            let _ = writeln!(text, "{}  {:<10}  {}", node.id, node.state, one_line(&node.title));
            for edge in self.edges.iter().filter(|edge| edge.from == node.id) {
                let other = titles.get(&edge.to).map_or_else(
                    || "(not there)".to_owned(),
                    |other| format!("{}  {}", other.state, one_line(&other.title)),
                );
                let _ = writeln!(text, "  {} {}  {other}", edge.kind, edge.to);
            }
        }
        for cycle in &self.cycles {
            let ids: Vec<String> = cycle.iter().map(Id::to_string).collect();
            let _ = writeln!(text, "cycle: {}", ids.join(", "));
        }
        text
    }

    /// The graph in the language of Graphviz. An arrow goes from what waits to what is waited for.
    #[must_use]
    pub fn to_dot(&self) -> String {
        let mut text = String::from("digraph tickets {\n  rankdir=RL;\n  node [shape=box];\n");
        for node in &self.nodes {
            let title = one_line(&node.title).replace('\\', "\\\\").replace('"', "\\\"");
            let _ = writeln!(text, "  \"{0}\" [label=\"{0} ({1})\\n{title}\"];", node.id, node.state);
        }
        for edge in &self.edges {
            let (from, to, style) = drawn(edge);
            let style =
                if style == Style::Solid { String::new() } else { format!(" [style=dashed, label=\"{}\"]", edge.kind) };
            let _ = writeln!(text, "  \"{from}\" -> \"{to}\"{style};");
        }
        text + "}\n"
    }

    /// The graph in the language of Mermaid. An arrow goes from what waits to what is waited for.
    #[must_use]
    pub fn to_mermaid(&self) -> String {
        let mut text = String::from("flowchart RL\n");
        for node in &self.nodes {
            let title: String = one_line(&node.title).chars().map(entity).collect();
            let _ = writeln!(text, "  {0}[\"{0} ({1})<br/>{title}\"]", node.id, node.state);
        }
        for edge in &self.edges {
            let (from, to, style) = drawn(edge);
            let arrow = if style == Style::Solid { "-->".to_owned() } else { format!("-. {} .->", edge.kind) };
            let _ = writeln!(text, "  {from} {arrow} {to}");
        }
        text
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Style {
    Solid,
    Dashed,
}

/// From what waits to what is waited for, whoever says so.
fn drawn(edge: &Edge) -> (Id, Id, Style) {
    match edge.kind {
        RelationKind::DependsOn => (edge.from, edge.to, Style::Solid),
        RelationKind::Blocks => (edge.to, edge.from, Style::Solid),
        _ => (edge.from, edge.to, Style::Dashed),
    }
}

/// A title that stays on its line, whatever is in it.
fn one_line(title: &str) -> String {
    crate::text::line(title)
}

/// A character that Mermaid takes for nothing but itself.
fn entity(c: char) -> String {
    if c.is_alphanumeric() || matches!(c, ' ' | '.' | ',' | '-' | '_') {
        c.to_string()
    } else {
        format!("#{};", u32::from(c))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_stay_where_they_are() {
        let ids: [Id; 3] = ["00001KVZKSTJT", "00001KVZKSTJV", "00001KVZKSTJW"].map(|id| id.parse().unwrap());
        let titles = ["A \"quoted\\\" \x1b[31mtitle", "B]; end", "C<br>"];
        let nodes = ids.iter().zip(titles).map(|(id, title)| Node {
            id: *id,
            title: title.into(),
            state: State::Ready,
            waiting_on: vec![],
        });
        let edge = |from: usize, kind, to: usize| Edge { from: ids[from], kind, to: ids[to] };
        let edges = vec![
            edge(0, RelationKind::DependsOn, 1),
            edge(0, RelationKind::Blocks, 1),
            edge(1, RelationKind::Related, 2),
        ];
        let graph = Graph::of(nodes.collect(), edges, Extent::Open);
        insta::assert_snapshot!(format!("{}\n{}\n{}", graph.to_text(), graph.to_dot(), graph.to_mermaid()));
    }
}
