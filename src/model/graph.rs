//! The graph of groups in groups: cycles, and an order in which closures can be built.

use petgraph::algo::tarjan_scc;
use petgraph::graph::{DiGraph, NodeIndex};

use crate::diag::{Code, Diagnostic};
use crate::say;

use super::{GroupId, Id, Member, Parts, Policy};

/// An edge goes from a group to one that contains it, and knows the index of its membership.
type Nesting = DiGraph<GroupId, usize>;

fn nesting(parts: &Parts) -> Nesting {
    let mut graph = Nesting::with_capacity(parts.groups.len(), 0);
    for id in parts.groups.ids() {
        graph.add_node(id);
    }
    for (index, membership) in parts.memberships.iter().enumerate() {
        if let Member::Group(inner) = membership.member {
            graph.add_edge(NodeIndex::new(inner.index()), NodeIndex::new(membership.group.index()), index);
        }
    }
    graph
}

/// The groups such that each comes after those that contain it; groups of one cycle stand together in one part.
pub fn outermost_first(policy: &Policy) -> Vec<Vec<GroupId>> {
    let graph = nesting(policy);
    let parts = tarjan_scc(&graph).into_iter();
    parts.map(|part| part.into_iter().map(|node| graph[node]).collect()).collect()
}

/// One finding for each cycle, whatever the dates, with the way around it.
pub fn cycles(parts: &Parts) -> Vec<Diagnostic> {
    let graph = nesting(parts);
    let knots = tarjan_scc(&graph).into_iter().filter_map(|mut part| {
        let first = *part.iter().min()?;
        let circular = part.len() > 1 || graph.contains_edge(first, first);
        part.sort_unstable();
        circular.then_some((first, part))
    });
    let mut findings: Vec<_> = knots.map(|(first, part)| describe(parts, &graph, first, &part)).collect();
    // A group inside itself may also be part of a longer circle.
    let inside_itself = graph.node_indices().filter(|node| graph.contains_edge(*node, *node));
    findings.extend(inside_itself.map(|node| describe(parts, &graph, node, &[node])));
    crate::diag::sort(&mut findings);
    findings
}

/// The shortest way from `first` back to itself inside its strongly connected part.
fn describe(parts: &Parts, graph: &Nesting, first: NodeIndex, part: &[NodeIndex]) -> Diagnostic {
    let mut came_by = vec![None; graph.node_count()];
    let mut queue = std::collections::VecDeque::from([first]);
    let closing = 'search: loop {
        let Some(node) = queue.pop_front() else { break None };
        let mut edges: Vec<_> = graph.edges(node).collect();
        edges.sort_by_key(|edge| (petgraph::visit::EdgeRef::target(edge), *edge.weight()));
        for edge in edges {
            let outer = petgraph::visit::EdgeRef::target(&edge);
            if outer == first && (node != first || part.len() == 1) {
                break 'search Some((node, *edge.weight()));
            }
            if part.binary_search(&outer).is_ok() && came_by[outer.index()].is_none() {
                came_by[outer.index()] = Some((node, *edge.weight()));
                queue.push_back(outer);
            }
        }
    };
    let mut steps: Vec<usize> = Vec::new();
    let mut at = closing;
    while let Some((node, membership)) = at {
        steps.push(membership);
        at = if node == first { None } else { came_by[node.index()] };
    }
    steps.reverse();
    let name = |id: GroupId| parts.groups.key(id).name.as_str();
    let mut way = vec![name(graph[first])];
    way.extend(steps.iter().map(|step| name(parts.memberships[*step].group)));
    let message = say!("groups contain each other in a circle: {way}", way = way.join(" > "));
    let mut places = steps.iter().filter_map(|step| {
        let membership = &parts.memberships[*step];
        let Member::Group(inner) = membership.member else { return None };
        let text = say!("`{inner}` is put into `{group}`", inner = name(inner), group = name(membership.group));
        Some((membership.place?, text))
    });
    let (place, text) = places.next().unwrap_or_default();
    let finding = Diagnostic::new(Code::MembershipCycle, place, message).label(text);
    places
        .fold(finding, |finding, (place, text)| finding.also(place, text))
        .help(say!("take one of these groups out of the other's members; dates do not matter here"))
}
