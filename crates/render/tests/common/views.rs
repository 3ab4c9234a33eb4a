//! Views on the GPU held against those of the CPU.

use render::{Camera, CpuRenderer, GpuRenderer, Image, InstructionSet, Scene, render_views};
use splat::Cloud;

use crate::{account, common::difference, twin};

/// Acceptance of the project: PSNR ≥ 85 dB, ≥ 99.9 % of bytes equal, none further than 8.
pub(crate) fn assert_alike(ours: &[u8], theirs: &[u8], name: &str) {
    let found = difference(ours, theirs);
    println!(
        "{name}: {:.2} dB, {:.4} % equal, at most {} off",
        found.psnr,
        found.equal * 100.0,
        found.worst
    );
    assert!(found.psnr >= 85.0, "{name}: {:.2} dB", found.psnr);
    assert!(found.equal >= 0.999, "{name}: {} equal", found.equal);
    assert!(found.worst <= 8, "{name}: {} off", found.worst);
}

/// Views of a cloud.
pub(crate) struct Views<'a> {
    pub(crate) cloud: &'a Cloud,
    pub(crate) extent: Option<f32>,
    pub(crate) cameras: &'a [Camera],
    pub(crate) background: [f32; 3],
}

impl Views<'_> {
    /// Renders them, and holds them against those of the CPU, to which they should be the same in every
    /// byte: with its fused operations where the driver has such, else with those of the portable set.
    /// A GPU may fall short of that by as much as is acceptable anyway; a driver on the CPU may not.
    pub(crate) fn like_the_cpus(&self, renderer: &mut GpuRenderer, name: &str) -> Vec<Image> {
        let scene = Scene::new(self.cloud, self.extent).unwrap();
        let views = renderer.render_views(&scene, self.cameras, self.background);
        let views = views.unwrap();
        assert_eq!(views.len(), self.cameras.len());
        let fast = render_views(&scene, self.cameras, self.background);
        if views == fast {
            println!(
                "{name}: every byte as on the CPU, {}",
                InstructionSet::best()
            );
            return views;
        }
        let portable = CpuRenderer::new(InstructionSet::Portable);
        if views == portable.render_views(&scene, self.cameras, self.background) {
            println!("{name}: every byte as on the CPU, portable");
            return views;
        }
        for ((ours, theirs), camera) in views.iter().zip(&fast).zip(self.cameras) {
            if ours != theirs {
                let twin = twin::Twin::new(self.cloud, self.extent, camera);
                let account = account::account(&twin, self.background, ours, theirs);
                println!("{name}: not as on the CPU\n{account}");
                assert_alike(&ours.rgb, &theirs.rgb, name);
            }
        }
        assert!(!renderer.is_software(), "{name}: not every byte the CPU's");
        views
    }
}
