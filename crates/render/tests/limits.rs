//! Absurd clouds, cameras and sheets: refused in words or drawn in bounded memory, never a panic.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use proptest::prelude::*;
use render::{
    Camera, CameraError, GRID_GAP, Image, MAX_SIDE, Orbit, Scene, SceneError, SheetError, WHITE,
    contact_sheet, grid, validator_cameras,
};
use splat::{Cloud, Splat};

fn splat_at(position: [f32; 3]) -> Splat {
    Splat {
        position,
        log_scale: [-3.0; 3],
        rotation: [1.0, 0.0, 0.0, 0.0],
        opacity_logit: 2.0,
        colour: [0.0; 3],
    }
}

fn plain(width: u32, height: u32, colour: [u8; 3]) -> Image {
    Image {
        width,
        height,
        rgb: colour.repeat((width * height) as usize),
    }
}

#[test]
fn scenes_of_nothing_are_refused() {
    assert_eq!(
        Scene::new(&Cloud::default(), None).unwrap_err(),
        SceneError::Empty
    );
    let broken: Cloud = [splat_at([f32::NAN, 0.0, 0.0])].into_iter().collect();
    assert_eq!(
        Scene::new(&broken, None).unwrap_err(),
        SceneError::NothingFinite(1)
    );
    let point: Cloud = [splat_at([1.0; 3]); 3].into_iter().collect();
    assert_eq!(
        Scene::new(&point, Some(1.5)).unwrap_err(),
        SceneError::Unscalable {
            span: 0.0,
            extent: 1.5
        }
    );
    let vast: Cloud = [
        splat_at([f32::MAX, 0.0, 0.0]),
        splat_at([f32::MIN, 0.0, 0.0]),
    ]
    .into_iter()
    .collect();
    assert!(matches!(
        Scene::new(&vast, Some(1.5)),
        Err(SceneError::Unscalable { .. })
    ));
    assert!(Scene::new(&point, Some(f32::NAN)).is_err());
    assert_eq!(
        Scene::new(&point, Some(-1.0)).unwrap_err(),
        SceneError::BadExtent(-1.0)
    );
    assert_eq!(Scene::new(&point, None).unwrap().len(), 3);
}

#[test]
fn splats_that_cannot_be_drawn_are_left_out_and_counted() {
    let good = [splat_at([-0.5, 0.0, 0.0]), splat_at([0.5, 0.1, 0.0])];
    let mut bad = [splat_at([0.0; 3]); 6];
    bad[0].position[1] = f32::INFINITY;
    bad[1].rotation = [0.0; 4];
    bad[2].opacity_logit = f32::NAN;
    bad[3].log_scale[0] = 1000.0;
    bad[4].colour[2] = f32::NEG_INFINITY;
    bad[5].rotation[3] = f32::NAN;
    let all: Cloud = bad.into_iter().chain(good).collect();
    let scene = Scene::new(&all, Some(1.5)).unwrap();
    assert_eq!((scene.len(), scene.dropped()), (2, 6));
    let alone = Scene::new(&good.into_iter().collect(), Some(1.5)).unwrap();
    let camera = Camera::orbit(Orbit {
        width: 64,
        height: 64,
        ..Orbit::default()
    })
    .unwrap();
    let picture = render::render(&scene, &camera, WHITE);
    assert_eq!(picture, render::render(&alone, &camera, WHITE));
    assert!(picture.rgb.iter().any(|&byte| byte != 255));
}

#[test]
fn cameras_out_of_range_are_refused() {
    let orbit = Orbit::default();
    let error = |orbit: Orbit| Camera::orbit(orbit).unwrap_err();
    assert!(matches!(
        error(Orbit { width: 0, ..orbit }),
        CameraError::Size { .. }
    ));
    assert!(matches!(
        error(Orbit {
            height: MAX_SIDE + 1,
            ..orbit
        }),
        CameraError::Size { .. }
    ));
    assert!(matches!(
        error(Orbit {
            radius: 0.0,
            ..orbit
        }),
        CameraError::Radius(_)
    ));
    assert!(matches!(
        error(Orbit {
            radius: f64::NAN,
            ..orbit
        }),
        CameraError::Radius(_)
    ));
    assert!(matches!(
        error(Orbit {
            fov_y_deg: 180.0,
            ..orbit
        }),
        CameraError::FieldOfView(_)
    ));
    assert!(matches!(
        error(Orbit {
            azimuth_deg: f64::INFINITY,
            ..orbit
        }),
        CameraError::Angle { .. }
    ));
    assert!(validator_cameras(0).is_err());
    for elevation_deg in [-90.0, 90.0] {
        let camera = Camera::orbit(Orbit {
            elevation_deg,
            azimuth_deg: 30.0,
            ..orbit
        })
        .unwrap();
        assert!(
            camera
                .world_to_camera()
                .iter()
                .flatten()
                .all(|value| value.is_finite())
        );
    }
}

#[test]
fn a_camera_sees_what_stands_in_front_of_it() {
    // A red splat towards +Z, a green one towards +X, a blue one above.
    let colours = [[3.0, -3.0, -3.0], [-3.0, 3.0, -3.0], [-3.0, -3.0, 3.0]];
    let places = [[0.0, 0.0, 0.8], [0.8, 0.0, 0.0], [0.0, 0.8, 0.0]];
    let cloud: Cloud = places
        .into_iter()
        .zip(colours)
        .map(|(place, colour)| Splat {
            colour,
            log_scale: [-2.0; 3],
            opacity_logit: 9.0,
            ..splat_at(place)
        })
        .collect();
    let scene = Scene::new(&cloud, None).unwrap();
    let middle = |azimuth_deg: f64, elevation_deg: f64| {
        let camera = Camera::orbit(Orbit {
            azimuth_deg,
            elevation_deg,
            width: 65,
            height: 65,
            ..Orbit::default()
        })
        .unwrap();
        let view = render::render(&scene, &camera, WHITE);
        let start = (32 * 65 + 32) * 3;
        <[u8; 3]>::try_from(&view.rgb[start..start + 3]).unwrap()
    };
    assert!(
        matches!(middle(0.0, 0.0), [200..=255, 0..60, 0..60]),
        "{:?}",
        middle(0.0, 0.0)
    );
    assert!(
        matches!(middle(90.0, 0.0), [0..60, 200..=255, 0..60]),
        "{:?}",
        middle(90.0, 0.0)
    );
    assert!(
        matches!(middle(0.0, -90.0), [0..60, 0..60, 200..=255]),
        "{:?}",
        middle(0.0, -90.0)
    );
}

#[test]
fn the_grid_is_the_validators() {
    let views: Vec<Image> = (0..16).map(|index| plain(4, 3, [index; 3])).collect();
    let sheet = grid(&views).unwrap();
    assert_eq!((sheet.width, sheet.height), (8 + GRID_GAP, 6 + GRID_GAP));
    let at = |x: usize, y: usize| sheet.rgb[(y * sheet.width as usize + x) * 3];
    assert_eq!([at(0, 0), at(12, 0), at(0, 10), at(12, 10)], [1, 5, 9, 13]);
    assert_eq!([at(4, 0), at(8, 0), at(0, 5)], [0; 3], "the gap is black");
    assert!(matches!(grid(&views[..15]), Err(SheetError::TooFew { .. })));
}

#[test]
fn sheets_of_odd_views_are_refused() {
    assert!(matches!(
        contact_sheet(&[], 3, 5),
        Err(SheetError::TooFew { .. })
    ));
    let uneven = [plain(4, 4, [0; 3]), plain(4, 5, [0; 3])];
    assert!(matches!(
        contact_sheet(&uneven, 2, 0),
        Err(SheetError::Uneven { index: 1 })
    ));
    let short = [Image {
        width: 4,
        height: 4,
        rgb: vec![0; 47],
    }];
    assert!(matches!(
        contact_sheet(&short, 1, 0),
        Err(SheetError::Image(_))
    ));
    assert!(short[0].to_png().is_err());
    assert!(matches!(
        contact_sheet(&vec![plain(4, 4, [0; 3]); 2], 2, u32::MAX),
        Err(SheetError::TooLarge { .. })
    ));
    let sheet = contact_sheet(&vec![plain(4, 4, [9; 3]); 5], 3, 2).unwrap();
    assert_eq!((sheet.width, sheet.height), (16, 10));
}

#[test]
fn a_picture_survives_its_file() {
    let view = plain(7, 5, [255, 0, 90]);
    let png = image::load_from_memory(&view.to_png().unwrap())
        .unwrap()
        .to_rgb8();
    assert_eq!(png.into_raw(), view.rgb);
}

fn any_float() -> impl Strategy<Value = f32> {
    prop_oneof![
        4 => -10.0_f32..10.0,
        1 => any::<f32>(),
        1 => prop::sample::select(vec![0.0, f32::NAN, f32::INFINITY, f32::NEG_INFINITY, f32::MAX, f32::MIN_POSITIVE, 40.0, 88.0]),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn no_cloud_and_no_camera_panics(
        rows in prop::collection::vec(prop::array::uniform14(any_float()), 0..40),
        extent in prop::option::of(any_float()),
        (azimuth_deg, elevation_deg) in (any_float(), any_float()),
        (radius, fov_y_deg) in (0.01_f64..5.0, 1.0_f64..170.0),
        (width, height) in (1_u32..70, 1_u32..70),
    ) {
        let cloud: Cloud = rows
            .iter()
            .map(|row| Splat {
                position: [row[0], row[1], row[2]],
                log_scale: [row[3], row[4], row[5]],
                rotation: [row[6], row[7], row[8], row[9]],
                opacity_logit: row[10],
                colour: [row[11], row[12], row[13]],
            })
            .collect();
        let orbit = Orbit {
            azimuth_deg: azimuth_deg.into(),
            elevation_deg: elevation_deg.into(),
            radius,
            fov_y_deg,
            width,
            height,
        };
        if let (Ok(scene), Ok(camera)) = (Scene::new(&cloud, extent), Camera::orbit(orbit)) {
            let view = render::render(&scene, &camera, WHITE);
            prop_assert_eq!(view.rgb.len(), (width * height * 3) as usize);
        }
    }
}
