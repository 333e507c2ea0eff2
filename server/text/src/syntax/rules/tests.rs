//! The tables against the grammars.

use super::*;

#[test]
fn every_node_of_a_table_is_one_of_its_grammar() {
    for grammar in Grammar::ALL {
        let Some(language) = grammar.language() else { continue };
        let table = Table::of(grammar);
        let names = table.roles.iter().map(|(name, _)| name).chain(table.containers);
        let unknown: Vec<_> = names.filter(|name| language.id_for_node_kind(name, true) == 0).collect();
        assert!(unknown.is_empty(), "{grammar:?}: {unknown:?}");
    }
}

#[test]
fn a_table_names_a_node_once() {
    for grammar in Grammar::ALL {
        let mut names: Vec<_> = Table::of(grammar).roles.iter().map(|(name, _)| name).collect();
        names.sort_unstable();
        assert!(names.windows(2).all(|pair| pair[0] != pair[1]), "{grammar:?}");
    }
}
