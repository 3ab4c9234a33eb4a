//! What is answered where. Nothing is answered that is not listed here, and a test holds the list against
//! the document.

use std::convert::Infallible;
use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::handler::Handler;
use axum::http::{Method, StatusCode};
use axum::middleware;
use axum::routing::{MethodFilter, MethodRouter, on};

use crate::access::{Access, guard};
use crate::house::{self, House};
use crate::receive::LARGEST_IMAGE;
use crate::refusal::Refusal;
use crate::{base_miner, batch, jobs, openapi, pod, validation};

/// A picture, and what a multipart body has around it.
const GENERATION_BODY: usize = LARGEST_IMAGE + (1 << 20);

/// A picture in base64, and the rest of a job.
const JOB_BODY: usize = LARGEST_IMAGE / 3 * 4 + (1 << 20);

/// The largest submission in base64 (three-gen-subnet `validation/engine/data_structures.py`), and room
/// for an image prompt beside it.
const VALIDATION_BODY: usize = (500 << 20) + 2 * LARGEST_IMAGE;

/// Where nothing is sent.
const NO_BODY: usize = 64 << 10;

/// Routes, and their list.
pub(crate) struct Routes {
    router: Router<Arc<House>>,
    pub(crate) list: Vec<(Method, &'static str)>,
}

impl Routes {
    /// All of them.
    pub(crate) fn all() -> Self {
        let (get, post, delete) = (Method::GET, Method::POST, Method::DELETE);
        let none = Self {
            router: Router::new(),
            list: Vec::new(),
        };
        none.add(&post, "/generate/", GENERATION_BODY, base_miner::generate)
            .add(&post, "/generate", GENERATION_BODY, pod::generate)
            .add(&get, "/health", NO_BODY, pod::health)
            .add(&get, "/status", NO_BODY, batch::status)
            .add(&get, "/results", NO_BODY, batch::results)
            .add(&post, "/v1/jobs", JOB_BODY, jobs::ask)
            .add(&get, "/v1/jobs", NO_BODY, jobs::list)
            .add(&get, "/v1/jobs/{id}", NO_BODY, jobs::show)
            .add(&delete, "/v1/jobs/{id}", NO_BODY, jobs::end)
            .add(&get, "/v1/jobs/{id}/events", NO_BODY, jobs::events)
            .add(&get, "/v1/jobs/{id}/result", NO_BODY, jobs::result)
            .add(&get, "/v1/jobs/{id}/preview", NO_BODY, jobs::preview)
            .add(&get, "/v1/load", NO_BODY, house::load)
            .add(
                &post,
                "/validate_txt_to_3d_ply/",
                VALIDATION_BODY,
                validation::text,
            )
            .add(
                &post,
                "/validate_img_to_3d_ply/",
                VALIDATION_BODY,
                validation::image,
            )
            .add(
                &post,
                "/render_duel_view/",
                VALIDATION_BODY,
                validation::duel_view,
            )
            .add(&get, "/version/", NO_BODY, validation::version)
            .add(&get, "/openapi.json", NO_BODY, openapi::show)
    }

    fn add<T: 'static>(
        mut self,
        method: &Method,
        path: &'static str,
        largest_body: usize,
        handler: impl Handler<T, Arc<House>>,
    ) -> Self {
        // Every method above has a filter.
        if let Ok(filter) = MethodFilter::try_from(method.clone()) {
            let route: MethodRouter<Arc<House>, Infallible> = on(filter, handler);
            let route = route.layer(DefaultBodyLimit::max(largest_body));
            self.router = self.router.route(path, route);
            self.list.push((method.clone(), path));
        }
        self
    }

    /// As a service for those whom `access` admits.
    pub(crate) fn serve(self, house: Arc<House>, access: Access) -> Router {
        self.router
            .fallback(|| async {
                Refusal::Missing("there is nothing here: see /openapi.json".to_owned())
            })
            .method_not_allowed_fallback(|| async {
                let reason = "this path is not asked this way: see /openapi.json";
                Refusal::Unusable(StatusCode::METHOD_NOT_ALLOWED, reason.to_owned())
            })
            .with_state(house)
            .layer(middleware::from_fn_with_state(access, guard))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_route_is_documented_and_nothing_else_is() {
        let routed: BTreeSet<(String, String)> = Routes::all()
            .list
            .into_iter()
            .map(|(method, path)| (path.to_owned(), method.as_str().to_ascii_lowercase()))
            .collect();
        let document = openapi::document();
        let paths = document["paths"].as_object().unwrap();
        let documented: BTreeSet<(String, String)> = paths
            .iter()
            .flat_map(|(path, item)| {
                let methods = item.as_object().unwrap().keys();
                methods.map(move |method| (path.clone(), method.clone()))
            })
            .collect();
        assert_eq!(routed, documented);
        assert!(routed.len() >= 18);
    }
}
