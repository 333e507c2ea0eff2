//! `textDocument/inlineCompletion`: ghost text.

use aside_assist::inline::{Answer, Ask, Trigger};
use aside_text::{Document, Encoding};

use super::{
    answer, commands,
    target::{self, Chosen, Nowhere, Target},
};
use crate::{
    backend::Backend,
    convert,
    errors::Failure,
    params::Params,
    protocol::{InlineItem, InlineList},
    routes::Work,
};

/// `context.triggerKind` of a person who asks for it.
const INVOKED: u64 = 1;

pub(crate) fn inline_completion(backend: &Backend, params: Params) -> Result<Work, Failure> {
    let mut fields = params.fields()?;
    let target = Target::read(&mut fields)?;
    let (mut trigger, mut chosen) = (Trigger::Automatic, None);
    if let Some(mut context) = fields.fields_maybe("context")? {
        if context.whole_maybe("triggerKind", &(0..=u64::MAX))? == Some(INVOKED) {
            trigger = Trigger::Invoked;
        }
        chosen = Chosen::read(&mut context)?;
    }
    backend.look(&target.uri, Some(target.position));
    let ask = prepare(backend, &target, trigger, chosen);
    let ask = ask.map(|ask| (ask, backend.order.next(&target.uri)));
    let backend = backend.clone();
    Ok(Box::pin(async move {
        match ask {
            Err(error) => answer(&list(target::nowhere(&backend, &target, &error), None, Encoding::Utf8)),
            Ok((ask, turn)) => {
                let document = ask.document.clone();
                let found = target::complete(&backend, turn, ask).await;
                answer(&list(found, Some(&document), backend.editor.encoding()))
            }
        }
    }))
}

fn prepare(backend: &Backend, target: &Target, trigger: Trigger, chosen: Option<Chosen>) -> Result<Ask, Nowhere> {
    let (document, at) = target.find(backend)?;
    let selected = chosen.map(|chosen| chosen.find(backend, &document)).transpose()?;
    Ok(Ask { selected, ..target::ask(backend, document, at, trigger) })
}

fn list(found: Answer, document: Option<&Document>, encoding: Encoding) -> InlineList {
    let reason = found.empty.as_ref().map(convert::reason);
    let model = found.model.unwrap_or_default();
    let item = |(suggestion, document): (aside_assist::inline::Suggestion, &Document)| InlineItem {
        range: convert::range(document, &suggestion.replace, encoding),
        command: commands::accepted(document.uri(), &model, suggestion.text.chars().count()),
        insert_text: suggestion.text,
    };
    let items = found.suggestions.into_iter().zip(document.into_iter().cycle()).map(item).collect();
    InlineList { items, reason }
}
