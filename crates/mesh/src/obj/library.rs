//! Material libraries (MTL): of each material its diffuse colour, texture and opacity.
//!
//! Read here and not by `tobj`, whose reader panics on a colour of two numbers.

use std::collections::HashMap;

use glam::{Affine2, Vec2, Vec3, Vec4};

use crate::Resolve;
use crate::build::Builder;
use crate::material::{Alpha, Material, TextureUse, Wrap};

/// The materials of one library, in order.
#[derive(Debug, Default)]
pub(crate) struct Library {
    pub(crate) entries: Vec<Entry>,
}

/// One material as it is written down.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Entry {
    pub(crate) name: String,
    diffuse: Vec3,
    opacity: f32,
    texture: Option<Map>,
    /// A separate map of the opacity. It is told of, not followed, unless it is the texture itself.
    opacity_map: Option<Map>,
}

/// A reference to a texture.
#[derive(Debug, Clone, PartialEq)]
struct Map {
    file: String,
    scale: Vec2,
    offset: Vec2,
    clamp: bool,
}

impl Library {
    /// Reads what can be read; lines that say nothing sensible change nothing.
    pub(crate) fn parse(bytes: &[u8]) -> Self {
        let mut library = Self::default();
        for line in String::from_utf8_lossy(bytes).lines() {
            let line = line.trim();
            let (key, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
            let rest = rest.trim();
            if key == "newmtl" {
                library.entries.push(Entry::new(rest));
            } else if let Some(entry) = library.entries.last_mut() {
                entry.set(key, rest);
            }
        }
        library
    }
}

impl Entry {
    fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            diffuse: Vec3::ONE,
            opacity: 1.0,
            texture: None,
            opacity_map: None,
        }
    }

    fn set(&mut self, key: &str, rest: &str) {
        let mut numbers = rest.split_whitespace().map_while(|word| word.parse().ok());
        let mut number = || numbers.next().filter(|value: &f32| value.is_finite());
        match key.to_ascii_lowercase().as_str() {
            "kd" => {
                if let Some(red) = number() {
                    // One number alone is a grey.
                    let green = number().unwrap_or(red);
                    self.diffuse = Vec3::new(red, green, number().unwrap_or(red));
                }
            }
            "d" => self.opacity = number().unwrap_or(1.0).clamp(0.0, 1.0),
            "tr" => self.opacity = 1.0 - number().unwrap_or(0.0).clamp(0.0, 1.0),
            "map_kd" => self.texture = Map::parse(rest),
            "map_d" => self.opacity_map = Map::parse(rest),
            _ => {}
        }
    }

    /// The material, its texture loaded once per file name.
    pub(crate) fn material(
        &self,
        builder: &mut Builder,
        textures: &mut HashMap<String, Option<usize>>,
        resolve: Resolve<'_>,
    ) -> Material {
        let shared = |map: &Map| {
            self.texture
                .as_ref()
                .is_some_and(|texture| texture.file == map.file)
        };
        let cut_out = self.opacity_map.as_ref().is_some_and(shared);
        if let Some(map) = self.opacity_map.as_ref().filter(|_| !cut_out) {
            builder.note(format!(
                "opacity map {} is left out: material {} is opaque there",
                map.file, self.name
            ));
        }
        let alpha = if cut_out || self.opacity < 1.0 {
            Alpha::Blend
        } else {
            Alpha::Opaque
        };
        let texture = self.texture.as_ref().and_then(|map| {
            let load = || {
                let bytes = builder.resolve_texture(&map.file, resolve)?;
                builder.add_texture(&bytes, &map.file, alpha)
            };
            let index = textures.entry(map.file.clone()).or_insert_with(load);
            index.map(|texture| map.used(texture))
        });
        // Exporters write black where a texture says it all.
        let black = texture.is_some() && self.diffuse == Vec3::ZERO;
        let diffuse = if black { Vec3::ONE } else { self.diffuse };
        Material {
            factor: Vec4::from((diffuse, self.opacity)),
            texture,
            alpha,
        }
    }
}

impl Map {
    /// `-option value…` any number of times, then the file's name, which may have spaces in it.
    fn parse(rest: &str) -> Option<Self> {
        let mut map = Self {
            file: String::new(),
            scale: Vec2::ONE,
            offset: Vec2::ZERO,
            clamp: false,
        };
        let mut rest = rest;
        while let Some(option) = rest.strip_prefix('-') {
            let (name, after) = split_word(option);
            rest = map.option(name, after);
        }
        map.file = rest.trim().replace('\\', "/");
        (!map.file.is_empty()).then_some(map)
    }

    /// Takes an option's values off what follows its name.
    fn option<'a>(&mut self, name: &str, rest: &'a str) -> &'a str {
        let (word, after) = split_word(rest);
        match name {
            "s" | "o" | "t" => {
                let (values, after) = numbers(rest);
                let pair = Vec2::new(values[0].unwrap_or_default(), values[1].unwrap_or_default());
                match name {
                    "s" => self.scale = Vec2::new(pair.x, values[1].unwrap_or(1.0)),
                    "o" => self.offset = pair,
                    _ => {}
                }
                after
            }
            "mm" => split_word(after).1,
            "clamp" => {
                self.clamp = word == "on";
                after
            }
            // -blendu, -blendv, -cc, -boost, -texres, -imfchan, -bm, -type
            _ => after,
        }
    }

    fn used(&self, texture: usize) -> TextureUse {
        // Scale and offset are of rows counted from below: v' = 1 − (s·(1 − v) + o).
        let [scale, offset] = [self.scale, self.offset];
        let down = Vec2::new(offset.x, 1.0 - scale.y - offset.y);
        TextureUse {
            texture,
            wrap: [if self.clamp {
                Wrap::Clamp
            } else {
                Wrap::Repeat
            }; 2],
            transform: Affine2::from_scale_angle_translation(scale, 0.0, down),
        }
    }
}

fn split_word(text: &str) -> (&str, &str) {
    let text = text.trim_start();
    let (word, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    (word, rest.trim_start())
}

/// Up to three numbers, and what follows them.
fn numbers(text: &str) -> ([Option<f32>; 3], &str) {
    let mut values = [None; 3];
    let mut rest = text;
    for value in &mut values {
        let (word, after) = split_word(rest);
        let Ok(number) = word.parse::<f32>() else {
            break;
        };
        *value = Some(number).filter(|number| number.is_finite());
        rest = after;
    }
    (values, rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_before_a_file_name_are_understood() {
        let map = Map::parse("-s 2 3 1 -clamp on -bm 0.5 -o 0.25 my wood.png").unwrap();
        assert_eq!(map.file, "my wood.png");
        assert_eq!(
            (map.scale, map.offset),
            (Vec2::new(2.0, 3.0), Vec2::new(0.25, 0.0))
        );
        assert!(map.clamp);
        assert_eq!(Map::parse("-s 2 3 1"), None);
        assert_eq!(Map::parse("tex\\a.png").unwrap().file, "tex/a.png");
    }

    #[test]
    fn a_broken_library_gives_what_it_has() {
        let library = Library::parse(
            b"Kd 1 1 1\nnewmtl a\nKd 0.5 0.25\nd 2\nnewmtl b\nKd x\nTr 0.25\nmap_Kd\n\xff\xfe\nKd nan",
        );
        let [a, b] = library.entries.as_slice() else {
            panic!("{library:?}");
        };
        assert_eq!((a.diffuse, a.opacity), (Vec3::new(0.5, 0.25, 0.5), 1.0));
        assert_eq!((b.diffuse, b.opacity), (Vec3::ONE, 0.75));
        assert_eq!(b.texture, None);
    }
}
