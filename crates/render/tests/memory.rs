//! What rendering holds in memory, and that it asks for nothing anew from view to view.
#![allow(clippy::unwrap_used)]

#[path = "common/clouds.rs"]
mod clouds;

use allocation_counter::measure;
use render::{CpuRenderer, Scene, VALIDATOR_EXTENT, VALIDATOR_SIZE, WHITE, validator_cameras};

fn on_threads<T: Send>(threads: usize, work: impl FnOnce() -> T + Send) -> T {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
    pool.build().unwrap().install(work)
}

#[test]
fn a_splat_takes_at_most_150_bytes_over_the_cloud() {
    let cloud = clouds::trellis_like(400_000);
    let cameras = validator_cameras(VALIDATOR_SIZE).unwrap();
    let (built, kept, view) = on_threads(1, || {
        // What rayon and the image ask for is not the renderer's.
        let mut image = CpuRenderer::default().render(&tiny(), &cameras[0], WHITE);
        let renderer = CpuRenderer::default();
        let mut scene = None;
        let building = measure(|| scene = Scene::new(&cloud, Some(VALIDATOR_EXTENT)).ok());
        let scene = scene.unwrap();
        let viewing = measure(|| renderer.render_into(&scene, &cameras[1], WHITE, &mut image));
        (
            building.bytes_max,
            building.bytes_current,
            viewing.bytes_max,
        )
    });
    let each = |bytes: f64| bytes / cloud.len() as f64;
    let (built, kept, view) = (each(built as f64), each(kept as f64), each(view as f64));
    println!("a splat: {built:.1} bytes while a scene is built, {kept:.1} kept, {view:.1} a view");
    // Two threads, each with a view of its own.
    assert!(built.max(kept + 2.0 * view) <= 150.0);
}

#[test]
fn views_after_the_first_allocate_nothing() {
    let scene = Scene::new(&clouds::ball(30_000), Some(VALIDATOR_EXTENT)).unwrap();
    let cameras = validator_cameras(200).unwrap();
    on_threads(1, || {
        let renderer = CpuRenderer::default();
        let mut image = renderer.render(&scene, &cameras[0], WHITE);
        for camera in &cameras {
            renderer.render_into(&scene, camera, WHITE, &mut image);
        }
        let steady = measure(|| {
            for camera in &cameras {
                renderer.render_into(&scene, camera, WHITE, &mut image);
            }
        });
        assert_eq!(steady.count_total, 0, "{} bytes", steady.bytes_total);
    });
}

fn tiny() -> Scene {
    Scene::new(&clouds::ball(10), None).unwrap()
}
