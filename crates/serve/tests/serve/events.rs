//! Server-sent events, as a client reads them.

use reqwest::{Response, StatusCode};
use serde_json::Value;

use crate::common::{Served, header};

/// An event: number, name, data.
pub(super) type Event = (u64, String, Value);

/// Events as they come.
pub(super) struct Events {
    answer: Response,
    text: String,
}

impl Events {
    pub(super) async fn of(served: &Served, job: &str, heard: Option<u64>) -> Self {
        let mut request = served.client.get(format!("{}{job}/events", served.base));
        if let Some(heard) = heard {
            request = request.header("last-event-id", heard.to_string());
        }
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
        assert_eq!(header(&answer, "content-type"), "text/event-stream");
        let text = String::new();
        Self { answer, text }
    }

    pub(super) async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some((event, rest)) = self.text.split_once("\n\n") {
                let field = |name: &str| {
                    let lines = event.lines();
                    let mut values = lines.filter_map(|line| line.strip_prefix(name));
                    values.next().map(|value| value.trim().to_owned())
                };
                let number = field("id:").map(|number| number.parse().unwrap());
                let parsed = number.map(|number| {
                    let data = serde_json::from_str(&field("data:").unwrap()).unwrap();
                    (number, field("event:").unwrap(), data)
                });
                self.text = rest.to_owned();
                match parsed {
                    Some(event) => return Some(event),
                    // A comment, to keep the connection.
                    None => continue,
                }
            }
            let chunk = self.answer.chunk().await.unwrap()?;
            self.text.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    }

    pub(super) async fn rest(mut self) -> Vec<Event> {
        let mut events = Vec::new();
        while let Some(event) = self.next().await {
            events.push(event);
        }
        events
    }
}
