//! The words `sketch` understands besides the names of things: colours, materials, patterns,
//! proportions, and the small words that join them.

mod materials;

use super::paint::rgb;
use materials::MATERIALS;
pub(super) use materials::{Kind, Material};

/// Colour words and their `0xRRGGBB`.
const COLOURS: &[(&str, u32)] = &[
    ("red", 0xcc1f1f),
    ("crimson", 0xa8122d),
    ("scarlet", 0xd9241b),
    ("maroon", 0x6e1423),
    ("burgundy", 0x6b1730),
    ("blue", 0x2452c8),
    ("navy", 0x16245c),
    ("azure", 0x2f8ae0),
    ("cobalt", 0x1747a6),
    ("indigo", 0x38208c),
    ("sky blue", 0x79bdf0),
    ("light blue", 0x8cc4f0),
    ("dark blue", 0x14296e),
    ("green", 0x2a9a35),
    ("lime", 0x8fd62a),
    ("olive", 0x75792a),
    ("mint", 0x9ae0bd),
    ("dark green", 0x155426),
    ("light green", 0x8fdc86),
    ("yellow", 0xf2cf1d),
    ("orange", 0xf0801a),
    ("amber", 0xe59a16),
    ("purple", 0x7a2fb0),
    ("violet", 0x8a3fd1),
    ("lavender", 0xb096e0),
    ("lilac", 0xc5a1dd),
    ("magenta", 0xd01f9c),
    ("fuchsia", 0xd92a8b),
    ("mauve", 0xb784a7),
    ("plum", 0x6f2a5f),
    ("pink", 0xf27fb0),
    ("rose", 0xe86a8a),
    ("salmon", 0xf58d78),
    ("coral", 0xf47c5e),
    ("peach", 0xf9bf95),
    ("brown", 0x774522),
    ("tan", 0xc9a678),
    ("beige", 0xdccbaa),
    ("cream", 0xf3e8c8),
    ("ivory", 0xf1ead6),
    ("khaki", 0xa89a63),
    ("black", 0x1d1d20),
    ("white", 0xf2f2f0),
    ("gray", 0x8a8c90),
    ("grey", 0x8a8c90),
    ("turquoise", 0x25c3bd),
    ("teal", 0x137d80),
    ("cyan", 0x25c9e8),
    ("aqua", 0x35d0d6),
    ("charcoal", 0x3a3c40),
    ("multicolored", 0xe04a4a),
];

/// A pattern that takes a second colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pattern {
    Spots,
    Stripes,
    Checks,
    Rainbow,
}

const PATTERNS: &[(&str, Pattern)] = &[
    (
        "spot,spotted,spotty,dot,dotted,polka dot,freckle,speckle,speckled",
        Pattern::Spots,
    ),
    ("stripe,striped,stripy,streak,band", Pattern::Stripes),
    (
        "check,checked,checkered,chequered,plaid,tartan",
        Pattern::Checks,
    ),
    (
        "rainbow,multicolor,multicoloured,colorful,colourful",
        Pattern::Rainbow,
    ),
];

/// Words about proportion: factors along x, y, z.
const PROPORTIONS: &[(&str, [f32; 3])] = &[
    ("tall,high", [0.85, 1.3, 0.85]),
    ("short,low,squat,stubby", [1.1, 0.72, 1.1]),
    ("flat", [1.1, 0.6, 1.1]),
    ("long,elongated", [1.25, 0.95, 1.2]),
    ("wide,broad", [1.3, 0.95, 1.05]),
    ("thin,slim,slender,skinny,narrow", [0.78, 1.1, 0.78]),
    ("fat,chubby,plump,bulky,thick,chunky", [1.25, 0.95, 1.25]),
];

/// How a stretch of words hangs on the one before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Join {
    /// `with`: what follows belongs to a part, or to the whole.
    With,
    /// `made of`: what follows is about the whole.
    Made,
    /// `of`: what follows says what it shows or holds.
    Of,
    /// `on`, `in`: what follows carries it.
    On,
    /// `and`, commas.
    And,
    /// `next to` and the like: left out.
    Beside,
}

const JOINS: &[(&str, Join)] = &[
    (
        "with,having,featuring,holding,wearing,has,carrying,including",
        Join::With,
    ),
    (
        "made out of,built out of,carved out of,crafted out of,out of,made,built,crafted,designed,carved,constructed,upholstered,covered,painted,coated,wrapped,\
         from,formed,fashioned,encrusted,adorned,decorated",
        Join::Made,
    ),
    ("of", Join::Of),
    (
        "on top of,on,atop,upon,in,inside,riding,onto,into",
        Join::On,
    ),
    ("and,plus", Join::And),
    (
        "next to,beside,near,under,behind,above,against,around,by,over,through,between,beneath,for",
        Join::Beside,
    ),
];

/// Words that change nothing here.
const FILLERS: &str = "a,an,the,its,his,her,their,it,is,are,that,which,color,colour,colored,\
    coloured,hue,shade of,tone,pair of,set of,piece of,slice of,bunch of,stack of,pile of,group of,\
    some,very,style,styled,design,finish,look,looking,inspired,themed,type,model,version,object,\
    item,thing,small,little,tiny,mini,miniature,large,big,giant,huge,massive,oversized,old,new,\
    modern,vintage,antique,ancient,retro,rustic,classic,minimalist,minimalistic,art deco,pop art,\
    victorian,gothic,medieval,futuristic,elegant,ornate,decorative,traditional,simple,beautiful,\
    cute,realistic,detailed,intricate,cartoon,stylized,fancy,luxury,shiny,glossy,matte,polished,\
    smooth,rough,bright,dark,light,pale,deep,vibrant,vivid,pastel,neon,glowing,sitting,stand,standing,\
    lying,upright,running,walking,jumping,flying,sleeping,hanging,floating,smiling,angry,happy,\
    sad,wild,baby,young,african,asian,american,indian,electric,digital,wireless,portable,manual,\
    automatic,professional,round,square,rectangular,circular,oval,curved,rounded,edge,sharp,\
    pointed,single,double,bladed,eyed,two,three,four,five,one,multiple,many,full,empty,open,closed,folding,\
    ceremonial,royal,magical,magic,mystical,enchanted,evil,friendly,cybernetic,mechanical,engraved,\
    carving,cut,male,female,adult,domestic,humanoid,delivery,toy,welding,steampunk,garden,ballet,motor,steam,adjustable,uncut,raw,potted,\
    mossy,spiked,clear,hugging,cluster,fresh,ripe,delicious,tasty,spiky,curly,hairy,scary,to,\
    at,up,3d,like,shaped,shape";

/// What the lexicon knows of a word or phrase (singular, lower case).
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Sense {
    pub(super) colour: Option<glam::Vec3A>,
    pub(super) material: Option<&'static Material>,
    pub(super) pattern: Option<Pattern>,
    pub(super) proportion: Option<[f32; 3]>,
    pub(super) join: Option<Join>,
    pub(super) filler: bool,
}

impl Sense {
    /// Whether the word means anything here at all.
    pub(super) fn is_known(&self) -> bool {
        self.filler
            || self.colour.is_some()
            || self.material.is_some()
            || self.pattern.is_some()
            || self.proportion.is_some()
            || self.join.is_some()
    }
}

fn listed(words: &str, word: &str) -> bool {
    words.split(',').any(|entry| entry.trim() == word)
}

/// Looks a word or phrase up.
pub(super) fn sense(word: &str) -> Sense {
    let find = |words: &str| listed(words, word);
    Sense {
        colour: COLOURS
            .iter()
            .find(|(name, _)| *name == word)
            .map(|(_, code)| rgb(*code)),
        material: MATERIALS.iter().find(|material| find(material.words)),
        pattern: PATTERNS
            .iter()
            .find(|(words, _)| find(words))
            .map(|(_, pattern)| *pattern),
        proportion: PROPORTIONS
            .iter()
            .find(|(words, _)| find(words))
            .map(|(_, factors)| *factors),
        join: JOINS
            .iter()
            .find(|(words, _)| find(words))
            .map(|(_, join)| *join),
        filler: find(FILLERS),
    }
}

/// Other names under which a model may carry a part, best first.
const ALIASES: &[(&str, &str)] = &[
    ("moss,snow,rust,frost,dust,mud", "accent,trim"),
    ("feather,plumage", "feather,wing,body"),
    (
        "fur,skin,hide,scale,coat,wool,shell,case,casing,cover,frame,paint,surface",
        "shell,case,frame,body",
    ),
    (
        "fabric,upholstery,cushion,pillow,padding",
        "cushion,seat,pad",
    ),
    ("door,drawer,window pane", "door,drawer"),
    ("top,tabletop,surface,lid,cap", "top,lid,seat,cap,roof"),
    ("leaf,foliage,needle,canopy", "leaf"),
    ("flower,blossom,bloom,petal", "petal,flower,leaf"),
    ("trunk,bark,stem,stalk", "trunk,stem"),
    ("gem,stone,gemstone,jewel,bead,pearl,crystal,diamond", "gem"),
    (
        "strap,band,chain,cord,string,ribbon,lace",
        "strap,band,chain,string,ribbon",
    ),
    ("screen,display,glass,lens", "screen,lens,window"),
    ("shade,lampshade", "shade"),
    ("light,bulb,lamp", "light,eye"),
    ("handle,grip,hilt,haft", "handle"),
    ("blade,head,tip,edge", "blade,head"),
    ("wheel,tire,tyre,rim", "wheel"),
    ("hair,mane,beard", "mane,hair,beard"),
    ("horn,antler,tusk", "horn"),
    ("foot,leg,paw,hoof,claw", "leg,foot"),
    ("hand,arm", "arm"),
    ("beak,bill,nose", "beak,nose"),
    ("belly,chest,stomach", "belly"),
    (
        "accent,trim,detail,detailing,decoration,highlight,ornament,pattern,lining,center,centre,core,inlay",
        "accent,trim",
    ),
    ("button,key,knob,dial", "button,key"),
    (
        "icing,frosting,glaze,topping,cream,sauce,chip,sprinkle",
        "topping",
    ),
    ("pot,planter,vase", "pot"),
    ("hat,cap", "hat"),
    ("eye,pupil", "eye"),
    ("sole,heel", "sole"),
];

/// The names to try for a part the prompt calls `wanted`, besides that very name.
pub(super) fn part_names(wanted: &str) -> impl Iterator<Item = &'static str> + use<> {
    let found = ALIASES.iter().find(|(words, _)| listed(words, wanted));
    found.map_or("", |(_, names)| *names).split(',')
}
