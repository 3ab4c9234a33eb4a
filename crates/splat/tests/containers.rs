//! Containers: Niantic's SPZ and `.splat`, asking for them by name, and from one to another.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::path::Path;

use common::{golden, sound};
use splat::{Container, read, read_named, spz};

#[test]
fn every_container_is_read_as_what_it_is() {
    let cloud = sound(500);
    for container in Container::ALL {
        let bytes = container.write(&cloud).unwrap();
        let name = format!("cloud.{}", container.extension());
        let (back, found) = read_named(&bytes, Path::new(&name)).unwrap();
        assert_eq!(found, container);
        assert_eq!(back.len(), cloud.len());
    }
}

#[test]
fn a_splat_file_is_known_by_its_name_alone() {
    let bytes = Container::Splat.write(&sound(20)).unwrap();
    assert!(read(&bytes).is_err());
    assert!(read_named(&bytes, Path::new("cloud.ply")).is_err());
    let ply = Container::Ply.write(&sound(20)).unwrap();
    let (_, found) = read_named(&ply, Path::new("cloud.splat")).unwrap();
    assert_eq!(found, Container::Ply);
}

#[test]
fn transcoding_between_the_subnet_and_niantic_keeps_every_byte() {
    let niantic = spz::Flavour::Niantic(spz::niantic::Version::V2);
    for name in ["edge2k", "sh1_256", "sh3_256"] {
        let ours = golden(&format!("spz/{name}.spz"));
        let stream = zstd::stream::decode_all(&ours[..]).unwrap();
        let gzip = spz::transcode(&ours, niantic, spz::Compression::default()).unwrap();
        let mut inside = Vec::new();
        std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(&gzip[..]), &mut inside)
            .unwrap();
        assert!(inside == stream, "{name} to Niantic");
        let back = spz::transcode(&gzip, spz::Flavour::Subnet, spz::Compression::default());
        let back = zstd::stream::decode_all(&back.unwrap()[..]).unwrap();
        assert!(back == stream, "{name} back");
    }
}
