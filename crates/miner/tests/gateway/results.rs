//! The mock gateway's `/add_result`.

use std::collections::HashMap;

use axum::extract::{Multipart, State};
use axum::response::Response;
use subnet17::gateway::{Credential, LONGEST_REASON};

use crate::mock::{Brought, ResultFault, Shared, authenticate, broken, status, text, with_date};

pub(super) async fn add_result(State(shared): State<Shared>, form: Multipart) -> Response {
    let fault = {
        let mut seen = shared.lock().unwrap();
        seen.deliveries += 1;
        seen.result_faults.pop_front()
    };
    let response = match fault {
        Some(ResultFault::Status(code, words, pause)) => status(code, words, pause),
        Some(ResultFault::Drop) => broken(),
        fault => {
            if fault == Some(ResultFault::Restart) {
                let mut seen = shared.lock().unwrap();
                seen.open.clear();
            }
            match take_in(&shared, form).await {
                Err(refused) => refused,
                Ok(()) if fault == Some(ResultFault::LoseReply) => broken(),
                Ok(()) if fault == Some(ResultFault::FailAfter) => {
                    text(500, "Internal Server Error")
                }
                Ok(()) => text(200, "Ok"),
            }
        }
    };
    let ahead = shared.lock().unwrap().ahead;
    with_date(response, ahead)
}

#[derive(Default)]
struct Fields(HashMap<String, String>);

impl Fields {
    fn get(&self, name: &str) -> Result<&str, Response> {
        let missing = || text(400, &format!("Bad request: Missing {name} field"));
        self.0.get(name).map(String::as_str).ok_or_else(missing)
    }
}

/// `parse_add_result_request`, then staging and committing.
async fn take_in(shared: &Shared, mut form: Multipart) -> Result<(), Response> {
    let mut fields = Fields::default();
    let mut asset = None;
    while let Some(field) = form
        .next_field()
        .await
        .map_err(|error| text(400, &format!("Bad request: Field error: {error}")))?
    {
        let name = field.name().unwrap_or_default().to_owned();
        if name == "asset" {
            if fields.get("status")? != "success" {
                return Err(text(
                    400,
                    "Bad request: Asset is only allowed when status=success",
                ));
            }
            authorize(shared, &fields)?;
            let bytes = field.bytes().await.map_err(|error| {
                text(
                    400,
                    &format!("Bad request: Failed to read asset chunk: {error}"),
                )
            })?;
            asset = Some(bytes);
            continue;
        }
        let value = field.text().await.unwrap();
        if fields.0.insert(name.clone(), value).is_some() {
            return Err(text(400, &format!("Bad request: Duplicate {name} field")));
        }
    }
    let brought = match (fields.get("status")?, asset) {
        ("success", Some(asset)) => Brought::Asset(asset.to_vec()),
        ("failure", None) => Brought::Failure(fields.get("reason")?.to_owned()),
        _ => return Err(text(400, "Bad request: Missing asset for success")),
    };
    if let Brought::Failure(reason) = &brought {
        assert!(reason.len() <= LONGEST_REASON);
    }
    authorize(shared, &fields)?;
    let mut seen = shared.lock().unwrap();
    let id = fields.get("id")?.to_owned();
    seen.open.remove(&id);
    if seen.one_result {
        seen.finished.insert(id.clone());
    }
    seen.results.entry(id).or_default().push(brought);
    Ok(())
}

/// `authorize_add_result_metadata`.
fn authorize(shared: &Shared, fields: &Fields) -> Result<(), Response> {
    let mut seen = shared.lock().unwrap();
    let credential = Credential {
        timestamp: fields.get("timestamp")?.to_owned(),
        signature: fields.get("signature")?.to_owned(),
    };
    let hotkey = fields.get("worker_hotkey")?;
    authenticate(&mut seen, hotkey, &credential)?;
    let id = fields.get("id")?;
    let has_context = seen.open.contains_key(id) || seen.results.contains_key(id);
    if !has_context || seen.finished.contains(id) {
        let gone = r#"{"error":"task_context_unavailable","message":"Task context is unavailable on this gateway after restart; the task will be refunded on timeout."}"#;
        return Err(text(410, gone));
    }
    let is_assigned = seen.open.get(id).is_some_and(|open| {
        open.hotkey == hotkey
            && fields.get("worker_id").is_ok_and(|id| id == open.worker_id)
            && fields
                .get("assignment_token")
                .is_ok_and(|token| token == open.token)
            && open.order.id == id
    });
    if is_assigned {
        Ok(())
    } else {
        let words = "Unauthorized request: Worker hotkey is not assigned to task";
        Err(text(401, words))
    }
}
