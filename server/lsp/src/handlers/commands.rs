//! `workspace/executeCommand`: each of Aside's own requests as a command, for editors without a plugin.

use std::future::ready;

use serde_json::{Value, json};

use crate::{
    backend::Backend,
    errors::Failure,
    params::Params,
    protocol::WireCommand,
    routes::{OWN, Work},
};

/// What an editor runs after it inserted a suggestion.
pub(crate) const ACCEPT: &str = "aside.complete.accept";

/// The names of all commands.
pub(crate) fn names() -> impl Iterator<Item = String> {
    OWN.iter().map(|(method, _)| name_of(method)).chain([ACCEPT.to_owned()])
}

fn name_of(method: &str) -> String {
    method.replace('/', ".")
}

/// The command that tells us that a suggestion was accepted. It holds numbers and names, never text.
pub(super) fn accepted(uri: &str, model: &str, characters: usize) -> WireCommand {
    let what = json!({ "uri": uri, "model": model, "characters": characters });
    WireCommand { title: "Accept", command: ACCEPT, arguments: [what] }
}

pub(crate) fn execute(backend: &Backend, params: Params) -> Result<Work, Failure> {
    let mut fields = params.fields()?;
    let command = fields.text("command")?;
    let argument = argument(fields.take("arguments"))?;
    if command == ACCEPT {
        return accept(Params(argument));
    }
    match OWN.iter().find(|(method, _)| name_of(method) == command) {
        Some((_, ask)) => ask(backend, Params(argument)),
        None => {
            let short: String = command.chars().take(80).collect();
            let hint = format!("the commands are {}", names().collect::<Vec<_>>().join(", "));
            Err(Failure::new("unknown-command", format!("`command` is `{short}`: there is no such command"), hint))
        }
    }
}

fn argument(arguments: Option<Value>) -> Result<Option<Value>, Failure> {
    let mut arguments = match arguments {
        None => return Ok(None),
        Some(Value::Array(arguments)) => arguments,
        Some(_) => return Err(Failure::params("`arguments` is no list: it takes a list of one object")),
    };
    if arguments.len() > 1 {
        let message = format!("`arguments` has {} items: it takes at most 1, an object", arguments.len());
        return Err(Failure::new("out-of-bounds", message, "put all parameters into one object"));
    }
    Ok(arguments.pop())
}

fn accept(params: Params) -> Result<Work, Failure> {
    let mut what = params.fields()?;
    let (model, characters) = (what.text_maybe("model")?, what.uinteger_maybe("characters")?);
    tracing::info!(model, characters, "a suggestion was accepted");
    Ok(Box::pin(ready(Ok(Value::Null))))
}
