//! The editor's greeting, read leniently, and the small layer that keeps the protocol library from reading it strictly.
//!
//! `initialize` holds everything an editor believes in. One odd value in a part that nobody here looks at must not keep the server
//! from starting, so the library gets an empty greeting and the backend the real one.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
};

use futures_util::future::{BoxFuture, ready};
use serde_json::{Value, json};
use tower_lsp::{
    ExitedError, LspService,
    jsonrpc::{Request, Response},
};
use tower_service::Service;

use crate::{
    backend::Backend,
    capabilities::Capabilities,
    convert,
    errors::Failure,
    params::{Fields, Params},
};

/// What is read of `initialize`.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Greeting {
    /// The editor's name; empty when it does not say.
    pub(crate) name: String,
    /// The editor's version; empty when it does not say.
    pub(crate) version: String,
    pub(crate) capabilities: Capabilities,
    /// The open folders, the first one is the main one.
    pub(crate) folders: Vec<PathBuf>,
    /// `initializationOptions`.
    pub(crate) options: Option<Value>,
}

impl Greeting {
    /// Reads the parameters of `initialize`.
    ///
    /// # Errors
    /// They are no object, or hold a wrong value where one is looked at.
    pub(crate) fn read(params: Params) -> Result<Self, Failure> {
        let mut fields = params.fields()?;
        let (mut name, mut version) = (String::new(), String::new());
        if let Some(mut client) = fields.fields_maybe("clientInfo")? {
            name = client.text_maybe("name")?.unwrap_or_default();
            version = client.text_maybe("version")?.unwrap_or_default();
        }
        let capabilities = fields.take("capabilities").unwrap_or_default();
        Ok(Self {
            name,
            version,
            capabilities: Capabilities::of(&capabilities),
            folders: folders(&mut fields)?,
            options: fields.take("initializationOptions"),
        })
    }
}

/// The workspace's folders, by the newest of the three ways in which editors have named them.
fn folders(fields: &mut Fields) -> Result<Vec<PathBuf>, Failure> {
    let mut paths = Vec::new();
    for mut folder in fields.list("workspaceFolders", 1000)? {
        paths.extend(convert::path(&folder.text("uri")?));
    }
    let uri = fields.text_maybe("rootUri")?;
    let path = fields.text_maybe("rootPath")?;
    if paths.is_empty() {
        let path = path.map(PathBuf::from).filter(|path| path.is_absolute());
        paths.extend(uri.and_then(|uri| convert::path(&uri)).or(path));
    }
    Ok(paths)
}

/// A greeting on its way from the layer to the backend.
#[derive(Debug, Clone, Default)]
// Held for a swap only.
pub(crate) struct Slot(Arc<Mutex<Option<Greeting>>>);

impl Slot {
    fn put(&self, greeting: Greeting) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(greeting);
    }

    /// The greeting that came last, once.
    pub(crate) fn take(&self) -> Greeting {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take().unwrap_or_default()
    }
}

/// The service with the layer in front.
pub(crate) struct Front {
    service: LspService<Backend>,
    slot: Slot,
}

impl Front {
    /// Puts the layer in front of `service`, whose backend takes greetings from `slot`.
    pub(crate) fn new(service: LspService<Backend>, slot: Slot) -> Self {
        Self { service, slot }
    }
}

impl Service<Request> for Front {
    type Response = Option<Response>;
    type Error = ExitedError;
    type Future = BoxFuture<'static, Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.service.poll_ready(context)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        // The library insists on parameters for `initialized` and on none for `shutdown`; editors differ.
        let plain = match request.method() {
            "initialize" => Some(json!({ "capabilities": {}, "processId": null, "rootUri": null })),
            "initialized" => Some(json!({})),
            "shutdown" => None,
            _ => return self.service.call(request),
        };
        let (method, id, params) = request.into_parts();
        if method == "initialize" {
            match Greeting::read(Params(params)) {
                Ok(greeting) => self.slot.put(greeting),
                Err(failure) => {
                    let error = failure.into_error("initialize");
                    return Box::pin(ready(Ok(id.map(|id| Response::from_error(id, error)))));
                }
            }
        }
        let mut request = Request::build(method);
        if let Some(id) = id {
            request = request.id(id);
        }
        if let Some(plain) = plain {
            request = request.params(plain);
        }
        self.service.call(request.finish())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(params: Value) -> Greeting {
        Greeting::read(Params(Some(params))).expect("a greeting")
    }

    #[cfg(unix)]
    #[test]
    fn folders_are_taken_from_the_newest_field_that_names_any() {
        let all = json!({
            "workspaceFolders": [{ "uri": "file:///a%20b", "name": "a" }, { "uri": "vscode-remote://x/y", "name": "r" }],
            "rootUri": "file:///r", "rootPath": "/p",
        });
        assert_eq!(read(all).folders, [PathBuf::from("/a b")]);
        let older = json!({ "workspaceFolders": null, "rootUri": "file:///r", "rootPath": "/p" });
        assert_eq!(read(older).folders, [PathBuf::from("/r")]);
        assert_eq!(read(json!({ "rootPath": "/p" })).folders, [PathBuf::from("/p")]);
        assert!(read(json!({ "rootPath": "relative", "rootUri": null })).folders.is_empty());
    }

    #[test]
    fn an_odd_value_that_nobody_looks_at_does_not_matter() {
        let odd = json!({
            "processId": "none", "trace": 7, "locale": [],
            "capabilities": { "textDocument": { "completion": { "completionItemKind": { "valueSet": [99, "x"] } } } },
        });
        assert_eq!(read(odd), Greeting::default());
    }

    #[test]
    fn a_wrong_value_that_is_looked_at_is_named() {
        for (params, name) in [
            (json!({ "clientInfo": { "name": 3 } }), "`clientInfo.name`"),
            (json!({ "workspaceFolders": [{}] }), "`workspaceFolders[0].uri`"),
            (json!({ "rootUri": 3 }), "`rootUri`"),
        ] {
            let error = Greeting::read(Params(Some(params))).expect_err("wrong").into_error("initialize");
            assert!(error.message.contains(name), "{error:?}");
        }
    }
}
