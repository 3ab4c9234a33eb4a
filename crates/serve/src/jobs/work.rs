//! Making what a job asks for.

use std::sync::Arc;

use generate::best_of::Chosen;
use render::{GRID_VIEWS, Scene, VALIDATOR_EXTENT, VALIDATOR_SIZE, WHITE};
use splat::{Cloud, OutputProfile};

use super::job::{Assets, Job};
use super::view::ResultView;
use crate::answer::Known;
use crate::house::House;
use crate::line::Place;
use crate::shelf::Shelf;
use crate::workshop::{Order, Workshop};

/// How hard SPZ is compressed.
const SPZ_LEVEL: i32 = 3;

/// Works on `job` when it is its turn, until it is finished or cancelled.
pub(super) async fn work(
    house: Arc<House>,
    workshop: Arc<Workshop>,
    job: Arc<Job>,
    place: Place,
    order: Order,
) {
    let profile = order.profile;
    let making = async {
        let chosen = workshop
            .make(place, order, |progress| job.note(&progress))
            .await
            .map_err(|not_made| not_made.refusal.to_string())?;
        let results = Arc::clone(&house.jobs.results);
        // Encoding and drawing keep a core busy.
        let finished = tokio::task::spawn_blocking(move || finish(chosen, profile, &results));
        finished
            .await
            .map_err(|error| format!("its result could not be encoded: {error}"))?
    };
    let made = tokio::select! {
        // Leaves the line, or cancels the work.
        () = job.cancelled() => return,
        made = making => made,
    };
    match made {
        Ok((view, assets)) => {
            job.succeed(view, assets);
        }
        Err(reason) => job.fail(reason),
    }
    house.jobs.sweep();
}

fn finish(
    chosen: Chosen,
    profile: OutputProfile,
    results: &Arc<Shelf>,
) -> Result<(ResultView, Assets), String> {
    let known = Known::of(&chosen);
    let cloud = chosen.candidate.cloud;
    let spz = splat::spz::encode(&cloud, splat::spz::Level::new(SPZ_LEVEL))
        .map_err(|error| format!("its cloud cannot be encoded: {error}"))?;
    let splats = cloud.len();
    let preview = if chosen.views.len() < 16 {
        draw(cloud, profile)
    } else {
        render::grid(&chosen.views).ok()
    };
    let preview = preview.and_then(|picture| picture.to_png().ok());
    let view = ResultView {
        splats,
        seed: known.seed,
        verdict: known.verdict,
        score: known.score,
        ply_bytes: chosen.asset.len(),
        spz_bytes: spz.len(),
        preview_bytes: preview.as_ref().map_or(0, Vec::len),
        notes: chosen.candidate.notes,
    };
    let assets = Assets {
        ply: results.put(chosen.asset),
        spz: results.put(spz),
        preview: preview.map(|png| results.put(png)),
        known,
    };
    Ok((view, assets))
}

/// The four views of the validator's duel, where nobody has drawn them yet.
fn draw(cloud: Cloud, profile: OutputProfile) -> Option<render::Image> {
    let upright = OutputProfile::PULL_2025.apply(cloud, profile.frame);
    let scene = Scene::new(&upright, Some(VALIDATOR_EXTENT)).ok()?;
    let cameras = render::validator_cameras(VALIDATOR_SIZE).ok()?;
    let cameras = GRID_VIEWS.map(|view| cameras[view].clone());
    let views = render::render_views(&scene, &cameras, WHITE);
    let views: &[render::Image; 4] = views.as_slice().try_into().ok()?;
    render::grid_of(views.each_ref()).ok()
}
