//! The vendors' wires, spelled out: what a real server of each dialect sends.

/// OpenAI's chat completions, and the legacy completions that many servers still fill with.
pub mod openai {
    use serde_json::{Value, json};

    use crate::model_server::Reply;

    /// Chat, below a base URL that ends in `/v1`.
    pub const CHAT: &str = "/v1/chat/completions";
    /// Completion of a raw prompt.
    pub const COMPLETIONS: &str = "/v1/completions";
    /// The list of models.
    pub const MODELS: &str = "/v1/models";
    /// The terminal event.
    pub const DONE: &str = "data: [DONE]\n\n";

    /// One event.
    pub fn event(data: &Value) -> String {
        format!("data: {data}\n\n")
    }

    /// A piece of a chat answer.
    pub fn delta(text: &str) -> String {
        chunk(&json!({ "content": text }), None)
    }

    /// The reason why a chat answer ends.
    pub fn finish(reason: &str) -> String {
        chunk(&json!({}), Some(reason))
    }

    fn chunk(delta: &Value, finish: Option<&str>) -> String {
        let choice = json!({ "index": 0, "delta": delta, "finish_reason": finish });
        event(
            &json!({ "id": "chat-1", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice] }),
        )
    }

    /// A whole chat answer in these pieces.
    pub fn chat(pieces: &[&str]) -> Reply {
        let reply = pieces.iter().fold(Reply::sse(), |reply, piece| reply.then(delta(piece)));
        reply.then(finish("stop")).then(DONE)
    }

    /// A whole filled-in text in these pieces.
    pub fn fill(pieces: &[&str]) -> Reply {
        let choice = |text: &str, reason: Option<&str>| {
            let choice = json!({ "index": 0, "text": text, "finish_reason": reason });
            event(
                &json!({ "id": "fill-1", "object": "text_completion", "created": 1, "model": "m", "choices": [choice] }),
            )
        };
        let reply = pieces.iter().fold(Reply::sse(), |reply, piece| reply.then(choice(piece, None)));
        reply.then(choice("", Some("stop"))).then(DONE)
    }

    /// An error body as OpenAI writes it.
    pub fn error(status: u16, message: &str) -> Reply {
        let body = json!({ "error": { "message": message, "type": "invalid_request_error", "code": null } });
        Reply::json(status, &body)
    }
}

/// Anthropic's messages.
pub mod anthropic {
    use serde_json::{Value, json};

    use crate::model_server::Reply;

    /// Below a base URL without a path.
    pub const MESSAGES: &str = "/v1/messages";

    /// One named event.
    pub fn event(name: &str, data: &Value) -> String {
        format!("event: {name}\ndata: {data}\n\n")
    }

    /// What comes before the first text.
    pub fn start() -> String {
        let message = json!({
            "id": "msg-1", "type": "message", "role": "assistant", "model": "m", "content": [],
            "stop_reason": null, "usage": { "input_tokens": 3, "output_tokens": 1 },
        });
        let block =
            json!({ "type": "content_block_start", "index": 0, "content_block": { "type": "text", "text": "" } });
        event("message_start", &json!({ "type": "message_start", "message": message }))
            + &event("content_block_start", &block)
    }

    /// A piece of the answer.
    pub fn delta(text: &str) -> String {
        let delta = json!({ "type": "text_delta", "text": text });
        event("content_block_delta", &json!({ "type": "content_block_delta", "index": 0, "delta": delta }))
    }

    /// What comes after the last text.
    pub fn stop(reason: &str) -> String {
        let delta = json!({ "stop_reason": reason, "stop_sequence": null });
        event("content_block_stop", &json!({ "type": "content_block_stop", "index": 0 }))
            + &event(
                "message_delta",
                &json!({ "type": "message_delta", "delta": delta, "usage": { "output_tokens": 5 } }),
            )
            + &event("message_stop", &json!({ "type": "message_stop" }))
    }

    /// A whole answer in these pieces.
    pub fn chat(pieces: &[&str]) -> Reply {
        let reply = pieces.iter().fold(Reply::sse().then(start()), |reply, piece| reply.then(delta(piece)));
        reply.then(stop("end_turn"))
    }
}

/// Ollama's own API.
pub mod ollama {
    use serde_json::{Value, json};

    use crate::model_server::Reply;

    /// Chat.
    pub const CHAT: &str = "/api/chat";
    /// Completion, with a suffix where the model can fill.
    pub const GENERATE: &str = "/api/generate";

    fn line(data: &Value) -> String {
        format!("{data}\n")
    }

    /// A whole chat answer in these pieces.
    pub fn chat(pieces: &[&str]) -> Reply {
        let message = |text: &str, done: bool| {
            let message = json!({ "role": "assistant", "content": text });
            let mut data =
                json!({ "model": "m", "created_at": "2026-01-01T00:00:00Z", "message": message, "done": done });
            if done {
                data["done_reason"] = json!("stop");
                data["eval_count"] = json!(5);
            }
            line(&data)
        };
        let reply = pieces.iter().fold(Reply::ndjson(), |reply, piece| reply.then(message(piece, false)));
        reply.then(message("", true))
    }

    /// A whole filled-in text in these pieces.
    pub fn fill(pieces: &[&str]) -> Reply {
        let response = |text: &str, done: bool| {
            let mut data =
                json!({ "model": "m", "created_at": "2026-01-01T00:00:00Z", "response": text, "done": done });
            if done {
                data["done_reason"] = json!("stop");
            }
            line(&data)
        };
        let reply = pieces.iter().fold(Reply::ndjson(), |reply, piece| reply.then(response(piece, false)));
        reply.then(response("", true))
    }
}

/// The server of llama.cpp.
pub mod llama {
    use serde_json::json;

    use crate::model_server::Reply;

    /// Fills between a prefix and a suffix.
    pub const INFILL: &str = "/infill";
    /// Completes a raw prompt.
    pub const COMPLETION: &str = "/completion";

    /// A piece of a fill.
    pub fn piece(text: &str) -> String {
        format!("data: {}\n\n", json!({ "index": 0, "content": text, "tokens": [1], "stop": false }))
    }

    /// The last event of a fill.
    pub fn stop() -> String {
        let data =
            json!({ "index": 0, "content": "", "tokens": [], "stop": true, "stop_type": "eos", "tokens_predicted": 3 });
        format!("data: {data}\n\n")
    }

    /// A whole filled-in text in these pieces.
    pub fn fill(pieces: &[&str]) -> Reply {
        let reply = pieces.iter().fold(Reply::sse(), |reply, text| reply.then(piece(text)));
        reply.then(stop())
    }
}
