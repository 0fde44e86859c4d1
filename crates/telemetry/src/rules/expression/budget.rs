//! How many steps an expression can take at most, reckoned from its text: a loop in a loop in a loop looks harmless and holds up every device.
//!
//! The bound is one from above. What it lets through ends within milliseconds whatever the values are, so that nothing need be counted while rules run.

use cel::common::ast::{CallExpr, ComprehensionExpr, EntryExpr, Expr, IdedExpr, LiteralValue, operators};

/// Steps that an expression may take. A packet is held up for some milliseconds by so many.
pub(super) const MOST_STEPS: u64 = 100_000;

/// Characters that an expression may have.
pub(super) const LONGEST: usize = 4000;

/// Things that `now`, `hour`, `limit` and `station` may hold where an expression goes through them.
pub(super) const MOST_NAMED: usize = 1000;

/// Characters that a word of the register may have without being counted.
const WORD: u64 = 100;

/// Elements or characters that are looked at in one step.
const AT_ONCE: u64 = 100;

/// What an expression costs, and how large what comes out of it can be.
#[derive(Debug, Clone, Copy)]
struct Bound {
    steps: u64,
    /// Elements of a list or map, or characters, of the value or of anything in it.
    size: u64,
}

/// Variables of the loops around an expression, with the size of what they hold.
type Loops<'a> = Vec<(&'a str, u64)>;

/// The most steps that an expression can take; [`u64::MAX`] where there is no saying.
pub(super) fn steps(expression: &IdedExpr) -> u64 {
    bound(&expression.expr, &mut Vec::new()).steps
}

/// The variables of all loops of an expression, by the names that it gives them.
pub(super) fn loop_variables(expression: &IdedExpr) -> Vec<&str> {
    let mut found = Vec::new();
    collect(&expression.expr, &mut found);
    found
}

fn collect<'a>(expression: &'a Expr, found: &mut Vec<&'a str>) {
    let mut all = |parts: &mut dyn Iterator<Item = &'a IdedExpr>| parts.for_each(|part| collect(&part.expr, found));
    match expression {
        Expr::Comprehension(of) => {
            all(&mut [&of.iter_range, &of.accu_init, &of.loop_cond, &of.loop_step, &of.result].into_iter());
            found.push(&of.iter_var);
            found.push(&of.accu_var);
            found.extend(of.iter_var2.as_deref());
        }
        Expr::Call(call) => all(&mut call.target.as_deref().into_iter().chain(&call.args)),
        Expr::List(list) => all(&mut list.elements.iter()),
        Expr::Select(select) => collect(&select.operand.expr, found),
        Expr::Map(map) => all(&mut map.entries.iter().flat_map(|entry| parts(&entry.expr)).flatten()),
        Expr::Struct(of) => all(&mut of.entries.iter().flat_map(|entry| parts(&entry.expr)).flatten()),
        Expr::Unspecified | Expr::Ident(_) | Expr::Literal(_) => {}
    }
}

fn parts(entry: &EntryExpr) -> [Option<&IdedExpr>; 2] {
    match entry {
        EntryExpr::StructField(field) => [Some(&field.value), None],
        EntryExpr::MapEntry(entry) => [Some(&entry.key), Some(&entry.value)],
    }
}

fn bound<'a>(expression: &'a Expr, loops: &mut Loops<'a>) -> Bound {
    match expression {
        Expr::Unspecified => Bound { steps: 1, size: 1 },
        Expr::Literal(literal) => Bound { steps: 1, size: length(literal) },
        Expr::Ident(name) => {
            let known = loops.iter().rev().find(|(variable, _)| variable == name);
            Bound { steps: 1, size: known.map_or(MOST_NAMED as u64, |(_, size)| *size) }
        }
        Expr::Select(select) => {
            let of = bound(&select.operand.expr, loops);
            // What lies under a name is a number or a word.
            let is_named = matches!(&select.operand.expr, Expr::Ident(name) if !loops.iter().any(|(variable, _)| variable == name));
            Bound { steps: of.steps.saturating_add(1), size: if is_named { WORD } else { of.size } }
        }
        Expr::List(list) => all(list.elements.iter(), list.elements.len(), loops),
        Expr::Map(map) => {
            all(map.entries.iter().flat_map(|entry| parts(&entry.expr)).flatten(), map.entries.len(), loops)
        }
        Expr::Struct(of) => {
            all(of.entries.iter().flat_map(|entry| parts(&entry.expr)).flatten(), of.entries.len(), loops)
        }
        Expr::Call(call) => called(call, loops),
        Expr::Comprehension(comprehension) => repeated(comprehension, loops),
    }
}

fn length(literal: &LiteralValue) -> u64 {
    match literal {
        LiteralValue::String(text) => text.inner().len() as u64,
        LiteralValue::Bytes(bytes) => bytes.inner().len() as u64,
        _ => 1,
    }
}

/// A literal of so many elements.
fn all<'a>(elements: impl Iterator<Item = &'a IdedExpr>, count: usize, loops: &mut Loops<'a>) -> Bound {
    let begin = Bound { steps: 1, size: count as u64 };
    elements.fold(begin, |sum, element| {
        let one = bound(&element.expr, loops);
        Bound { steps: sum.steps.saturating_add(one.steps), size: sum.size.max(one.size) }
    })
}

fn called<'a>(call: &'a CallExpr, loops: &mut Loops<'a>) -> Bound {
    let (mut steps, mut sum, mut largest) = (1_u64, 0_u64, 1_u64);
    for argument in call.target.as_deref().into_iter().chain(&call.args) {
        let of = bound(&argument.expr, loops);
        steps = steps.saturating_add(of.steps);
        sum = sum.saturating_add(of.size);
        largest = largest.max(of.size);
    }
    let size = if call.func_name == operators::ADD { sum } else { largest };
    Bound { steps: steps.saturating_add(size / AT_ONCE), size }
}

/// A loop: its body as often as there are elements.
fn repeated<'a>(of: &'a ComprehensionExpr, loops: &mut Loops<'a>) -> Bound {
    let range = bound(&of.iter_range.expr, loops);
    let begin = bound(&of.accu_init.expr, loops);
    let outside = loops.len();
    loops.push((&of.iter_var, range.size));
    loops.extend(of.iter_var2.as_deref().map(|variable| (variable, range.size)));
    loops.push((&of.accu_var, range.size));
    let condition = bound(&of.loop_cond.expr, loops);
    let step = bound(&of.loop_step.expr, loops);
    let result = bound(&of.result.expr, loops);
    let added = added(of).map_or(step.size, |added| bound(added, loops).size);
    loops.truncate(outside);
    let once = condition.steps.saturating_add(step.steps);
    let steps = [begin.steps, range.size.saturating_mul(once), result.steps]
        .into_iter()
        .fold(range.steps.saturating_add(1), u64::saturating_add);
    Bound { steps, size: range.size.max(begin.size).max(added) }
}

/// What a loop adds to the list that it makes, one at a time (`map`, `filter`).
fn added(of: &ComprehensionExpr) -> Option<&Expr> {
    let Expr::Call(call) = &of.loop_step.expr else { return None };
    let call = match call.args.as_slice() {
        [_, taken, _] if call.func_name == operators::CONDITIONAL => match &taken.expr {
            Expr::Call(call) => call,
            _ => return None,
        },
        _ => call,
    };
    match call.args.as_slice() {
        [IdedExpr { expr: Expr::Ident(name), .. }, added]
            if call.func_name == operators::ADD && *name == of.accu_var =>
        {
            Some(&added.expr)
        }
        _ => None,
    }
}
